import { AT_SYMLINK_NOFOLLOW } from './at-flags.ts'
import { failed, refuseNul } from './failed.ts'
import { type KernelPath, terminated } from './kernel-path.ts'
import { bind } from './libc.ts'

type Fchown = (fd: number, uid: number, gid: number) => number
type Fchownat = (dirfd: number, path: Uint8Array, uid: number, gid: number, flags: number) => number
type Fchmod = (fd: number, mode: number) => number
type Fchmodat = (dirfd: number, path: Uint8Array, mode: number, flags: number) => number

let callFchown: Fchown | undefined
let callFchownat: Fchownat | undefined
let callFchmod: Fchmod | undefined
let callFchmodat: Fchmodat | undefined

/** @throws ErrnoError */
export function fchown(fd: number, uid: number, gid: number): void {
  callFchown ??= bind<Fchown>('fchown', 'int', 'int', 'uint32_t', 'uint32_t')
  if (callFchown(fd, uid, gid) < 0) throw failed('fchown')
}

/** Of the symlink itself unless flags say otherwise. @throws ErrnoError */
export function fchownat(dirfd: number, path: KernelPath, uid: number, gid: number, flags = AT_SYMLINK_NOFOLLOW): void {
  const name = terminated(path) ?? refuseNul('chown', path)
  callFchownat ??= bind<Fchownat>('fchownat', 'int', 'int', 'void *', 'uint32_t', 'uint32_t', 'int')
  if (callFchownat(dirfd, name, uid, gid, flags) < 0) throw failed('lchown', path)
}

/** @throws ErrnoError */
export function fchmod(fd: number, mode: number): void {
  callFchmod ??= bind<Fchmod>('fchmod', 'int', 'int', 'uint32_t')
  if (callFchmod(fd, mode) < 0) throw failed('fchmod')
}

/**
 * Follows a symlink, as the kernel's call does: make sure that the name is none. With `AT_SYMLINK_NOFOLLOW` a symlink fails with
 * `EOPNOTSUPP`, and the C library needs /proc for it. @throws ErrnoError
 */
export function fchmodat(dirfd: number, path: KernelPath, mode: number, flags = 0): void {
  const name = terminated(path) ?? refuseNul('chmod', path)
  callFchmodat ??= bind<Fchmodat>('fchmodat', 'int', 'int', 'void *', 'uint32_t', 'int')
  if (callFchmodat(dirfd, name, mode, flags) < 0) throw failed('chmod', path)
}
