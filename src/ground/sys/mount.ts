import { failed, refuseNul } from './failed.ts'
import { type KernelPath, cString } from './kernel-path.ts'
import { bind } from './libc.ts'

export const MS_RDONLY = 0x1
export const MS_NOSUID = 0x2
export const MS_NODEV = 0x4
export const MS_NOEXEC = 0x8
export const MS_SYNCHRONOUS = 0x10
export const MS_REMOUNT = 0x20
export const MS_MANDLOCK = 0x40
export const MS_DIRSYNC = 0x80
export const MS_NOSYMFOLLOW = 0x100
export const MS_NOATIME = 0x400
export const MS_NODIRATIME = 0x800
export const MS_BIND = 0x1000
export const MS_MOVE = 0x2000
export const MS_REC = 0x4000
export const MS_UNBINDABLE = 0x20000
export const MS_PRIVATE = 0x40000
export const MS_SLAVE = 0x80000
export const MS_SHARED = 0x100000
export const MS_RELATIME = 0x200000
export const MS_STRICTATIME = 0x1000000

export const MNT_FORCE = 1
/** Out of the tree at once, really unmounted when nobody uses it any more. */
export const MNT_DETACH = 2
export const UMOUNT_NOFOLLOW = 8

export interface MountRequest {
  readonly source: KernelPath
  readonly target: KernelPath
  readonly type?: string
  readonly flags?: number
  /** Comma-separated options, below the size of a page. */
  readonly data?: KernelPath
}

type Mount = (
  source: Uint8Array,
  target: Uint8Array,
  type: Uint8Array | null,
  flags: number,
  data: Uint8Array | null,
) => number
type Umount2 = (target: Uint8Array, flags: number) => number

let callMount: Mount | undefined
let callUmount2: Umount2 | undefined

/** mount(2). @throws ErrnoError */
export function mount(request: MountRequest): void {
  callMount ??= bind<Mount>('mount', 'int', 'void *', 'void *', 'void *', 'int64_t', 'void *')
  const result = callMount(
    argument(request.source),
    argument(request.target),
    request.type === undefined ? null : argument(request.type),
    request.flags ?? 0,
    request.data === undefined ? null : argument(request.data),
  )
  if (result < 0) throw failed('mount', request.target)
}

/** umount2(2). @throws ErrnoError `EINVAL` when it is no mount point */
export function umount2(target: KernelPath, flags = 0): void {
  callUmount2 ??= bind<Umount2>('umount2', 'int', 'void *', 'int')
  if (callUmount2(argument(target), flags) < 0) throw failed('umount', target)
}

function argument(path: KernelPath): Uint8Array {
  const bytes = cString(path)
  if (bytes.indexOf(0) < bytes.length - 2) refuseNul('mount', path)
  return bytes
}
