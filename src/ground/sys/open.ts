import { OPENAT2 } from './arch.ts'
import { ErrnoError } from './errno-error.ts'
import { errnoNumber } from './errno.ts'
import { failed, refuseNul } from './failed.ts'
import { type KernelPath, terminated } from './kernel-path.ts'
import { bind, errnoNow } from './libc.ts'
import { O_CLOEXEC, O_CREAT, O_DIRECTORY, O_TMPFILE } from './open-flags.ts'

export const RESOLVE_NO_XDEV = 0x01
export const RESOLVE_NO_MAGICLINKS = 0x02
export const RESOLVE_NO_SYMLINKS = 0x04
export const RESOLVE_BENEATH = 0x08
export const RESOLVE_IN_ROOT = 0x10

type Openat = (dirfd: number, path: Uint8Array, flags: number, mode: number) => number
type Openat2 = (number: number, dirfd: number, path: Uint8Array, how: Uint8Array, size: number) => number
type Close = (fd: number) => number

let callOpenat: Openat | undefined
let callOpenat2: Openat2 | undefined
let callClose: Close | undefined

/** A descriptor, always close-on-exec. @throws ErrnoError */
export function openat(dirfd: number, path: KernelPath, flags: number, mode = 0): number {
  const fd = tryOpenat(dirfd, path, flags, mode)
  if (fd < 0) throw new ErrnoError('open', path, -fd)
  return fd
}

/** The same without an exception: a descriptor, or a negative error number. For loops in which failing is ordinary. */
export function tryOpenat(dirfd: number, path: KernelPath, flags: number, mode = 0): number {
  const name = terminated(path) ?? refuseNul('open', path)
  callOpenat ??= bind<Openat>('openat', 'int', 'int', 'void *', 'int', 'uint32_t')
  const fd = callOpenat(dirfd, name, flags | O_CLOEXEC, mode)
  return fd < 0 ? -errnoNow() : fd
}

/** The bits of O_CREAT and of O_TMPFILE, without the O_DIRECTORY in the latter. */
const CREATES = O_CREAT | (O_TMPFILE & ~O_DIRECTORY)

/** struct open_how: flags, mode, resolve, each a u64. */
const how = new Uint32Array(6)
const howBytes = new Uint8Array(how.buffer)

/**
 * A descriptor found by walking the path as `resolve` says (openat2(2)), always close-on-exec. A walk that would leave the
 * directory fails with `EXDEV`. @throws ErrnoError
 */
export function openat2(dirfd: number, path: KernelPath, flags: number, mode: number, resolve: number): number {
  const fd = tryOpenat2(dirfd, path, flags, mode, resolve)
  if (fd < 0) throw new ErrnoError('openat2', path, -fd)
  return fd
}

/** The same without an exception: a descriptor, or a negative error number. */
export function tryOpenat2(dirfd: number, path: KernelPath, flags: number, mode: number, resolve: number): number {
  const name = terminated(path) ?? refuseNul('openat2', path)
  callOpenat2 ??= bind<Openat2>('syscall', 'int', 'int64_t', 'int', 'void *', 'void *', 'size_t')
  how[0] = flags | O_CLOEXEC
  // Unlike open, the kernel refuses a mode where nothing is created.
  how[2] = (flags & CREATES) === 0 ? 0 : mode
  how[4] = resolve
  // The kernel answers EAGAIN when a rename somewhere made it unsure whether `..` stayed inside: the next try may know.
  for (let attempt = 0; ; attempt++) {
    const fd = callOpenat2(OPENAT2, dirfd, name, howBytes, howBytes.length)
    if (fd >= 0) return fd
    const errno = errnoNow()
    if (errno !== errnoNumber('EAGAIN') || attempt >= 128) return -errno
  }
}

/** @throws ErrnoError, of which `EIO` and `ENOSPC` mean that written bytes are lost. The descriptor is gone in any case. */
export function close(fd: number): void {
  callClose ??= bind<Close>('close', 'int', 'int')
  if (callClose(fd) < 0) throw failed('close')
}
