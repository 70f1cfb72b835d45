import { FSCONFIG, FSMOUNT, FSOPEN, MOUNT_SETATTR, MOVE_MOUNT, OPEN_TREE } from './arch.ts'
import { AT_EMPTY_PATH } from './at-flags.ts'
import { ErrnoError } from './errno-error.ts'
import { type KernelPath, cString } from './kernel-path.ts'
import { bind, errnoNow } from './libc.ts'
import { read } from './read-write.ts'

export const MOUNT_ATTR_RDONLY = 0x1
export const MOUNT_ATTR_NOSUID = 0x2
export const MOUNT_ATTR_NODEV = 0x4
export const MOUNT_ATTR_NOEXEC = 0x8
export const MOUNT_ATTR_NOATIME = 0x10
export const MOUNT_ATTR_STRICTATIME = 0x20
export const MOUNT_ATTR_NODIRATIME = 0x80
export const MOUNT_ATTR_IDMAP = 0x100000

export const OPEN_TREE_CLONE = 1

const FSCONFIG_SET_FLAG = 0
const FSCONFIG_SET_STRING = 1
const FSCONFIG_SET_FD = 5
const FSCONFIG_CMD_CREATE = 6
const CLOEXEC = 1
const OPEN_TREE_CLOEXEC = 0o2000000
const MOVE_MOUNT_F_EMPTY_PATH = 4

type Fsopen = (call: number, type: Uint8Array, flags: number) => number
type Fsconfig = (
  call: number,
  fd: number,
  command: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
  aux: number,
) => number
type Fsmount = (call: number, fd: number, flags: number, attributes: number) => number
type MoveMount = (
  call: number,
  fromDir: number,
  from: Uint8Array,
  toDir: number,
  to: Uint8Array,
  flags: number,
) => number
type OpenTree = (call: number, dirfd: number, path: Uint8Array, flags: number) => number
type MountSetattr = (
  call: number,
  dirfd: number,
  path: Uint8Array,
  flags: number,
  attr: Uint8Array,
  size: number,
) => number

let callFsopen: Fsopen | undefined
let callFsconfig: Fsconfig | undefined
let callFsmount: Fsmount | undefined
let callMoveMount: MoveMount | undefined
let callOpenTree: OpenTree | undefined
let callMountSetattr: MountSetattr | undefined

/** A descriptor on which a file system of this type is configured, step by step and without a limit on the length of all options. @throws ErrnoError */
export function fsopen(type: string): number {
  callFsopen ??= bind<Fsopen>('syscall', 'int', 'int64_t', 'void *', 'uint32_t')
  const fd = callFsopen(FSOPEN, cString(type), CLOEXEC)
  if (fd < 0) throw new ErrnoError('fsopen', type, errnoNow())
  return fd
}

/** Sets an option; without a value it is a flag. @throws ErrnoError whose message ends with what the kernel says of it */
export function fsconfigSet(fd: number, key: string, value?: KernelPath): void {
  const text = value === undefined ? null : cString(value)
  configure(fd, text === null ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, key, text, 0)
}

/** Sets an option whose value is an open file. @throws ErrnoError */
export function fsconfigSetDescriptor(fd: number, key: string, value: number): void {
  configure(fd, FSCONFIG_SET_FD, key, null, value)
}

/** Makes the file system that has been configured. @throws ErrnoError */
export function fsconfigCreate(fd: number): void {
  configure(fd, FSCONFIG_CMD_CREATE, undefined, null, 0)
}

function configure(fd: number, command: number, key: string | undefined, value: Uint8Array | null, aux: number): void {
  callFsconfig ??= bind<Fsconfig>('syscall', 'int', 'int64_t', 'int', 'uint32_t', 'void *', 'void *', 'int')
  const result = callFsconfig(FSCONFIG, fd, command, key === undefined ? null : cString(key), value, aux)
  if (result < 0) throw withKernelText(new ErrnoError('fsconfig', key, errnoNow()), fd)
}

/** A mount of what was created, not yet attached anywhere: a descriptor for `moveMount`. @throws ErrnoError */
export function fsmount(fd: number, attributes = 0): number {
  callFsmount ??= bind<Fsmount>('syscall', 'int', 'int64_t', 'int', 'uint32_t', 'uint32_t')
  const mount = callFsmount(FSMOUNT, fd, CLOEXEC, attributes)
  if (mount < 0) throw withKernelText(new ErrnoError('fsmount', undefined, errnoNow()), fd)
  return mount
}

/** Attaches the mount behind a descriptor at a path. @throws ErrnoError */
export function moveMount(mount: number, dirfd: number, target: KernelPath): void {
  callMoveMount ??= bind<MoveMount>('syscall', 'int', 'int64_t', 'int', 'void *', 'int', 'void *', 'uint32_t')
  const result = callMoveMount(MOVE_MOUNT, mount, cString(''), dirfd, cString(target), MOVE_MOUNT_F_EMPTY_PATH)
  if (result < 0) throw new ErrnoError('move_mount', target, errnoNow())
}

/** A descriptor of the tree at a path; with `OPEN_TREE_CLONE` a detached copy of its mount. @throws ErrnoError */
export function openTree(dirfd: number, path: KernelPath, flags: number): number {
  callOpenTree ??= bind<OpenTree>('syscall', 'int', 'int64_t', 'int', 'void *', 'uint32_t')
  const fd = callOpenTree(OPEN_TREE, dirfd, cString(path), flags | OPEN_TREE_CLOEXEC)
  if (fd < 0) throw new ErrnoError('open_tree', path, errnoNow())
  return fd
}

export interface MountAttributes {
  readonly set?: number
  readonly clear?: number
  /** `MS_PRIVATE`, `MS_SLAVE`, `MS_SHARED` or `MS_UNBINDABLE`. */
  readonly propagation?: number
  /** For `MOUNT_ATTR_IDMAP`: an open `/proc/<pid>/ns/user`. */
  readonly userNamespace?: number
}

/** Changes the mount behind a descriptor; with `AT_RECURSIVE` all below it too. @throws ErrnoError */
export function mountSetattr(mount: number, attributes: MountAttributes, flags = 0): void {
  callMountSetattr ??= bind<MountSetattr>('syscall', 'int', 'int64_t', 'int', 'void *', 'uint32_t', 'void *', 'size_t')
  const structure = new BigUint64Array([
    BigInt(attributes.set ?? 0),
    BigInt(attributes.clear ?? 0),
    BigInt(attributes.propagation ?? 0),
    BigInt(attributes.userNamespace ?? 0),
  ])
  const bytes = new Uint8Array(structure.buffer)
  const result = callMountSetattr(MOUNT_SETATTR, mount, cString(''), flags | AT_EMPTY_PATH, bytes, bytes.length)
  if (result < 0) throw new ErrnoError('mount_setattr', undefined, errnoNow())
}

// The kernel explains a refusal on the descriptor itself, one message per read: `e overlay: No changes allowed in reconfigure`.
function withKernelText(error: ErrnoError, fd: number): ErrnoError {
  const messages: string[] = []
  const buffer = Buffer.alloc(1024)
  for (;;) {
    try {
      const length = read(fd, buffer)
      if (length === 0) break
      messages.push(
        buffer
          .toString('utf8', 0, length)
          .replace(/^[ewi] /, '')
          .trim(),
      )
    } catch (noMore) {
      if (!(noMore instanceof ErrnoError)) throw noMore
      break
    }
  }
  if (messages.length > 0) error.message += ` (${messages.join('; ')})`
  return error
}
