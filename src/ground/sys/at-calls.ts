import { numberOfCall } from './arch.ts'
import { AT_REMOVEDIR } from './at-flags.ts'
import { ErrnoError } from './errno-error.ts'
import { failed, refuseNul } from './failed.ts'
import { type KernelPath, terminated } from './kernel-path.ts'
import { bind, errnoNow } from './libc.ts'

export const RENAME_NOREPLACE = 1
export const RENAME_EXCHANGE = 2

type Mkdirat = (dirfd: number, path: Uint8Array, mode: number) => number
type Mknodat = (dirfd: number, path: Uint8Array, mode: number, device: number) => number
type Symlinkat = (target: Uint8Array, dirfd: number, path: Uint8Array) => number
type Linkat = (fromDir: number, from: Uint8Array, toDir: number, to: Uint8Array, flags: number) => number
type Unlinkat = (dirfd: number, path: Uint8Array, flags: number) => number
type Renameat = (fromDir: number, from: Uint8Array, toDir: number, to: Uint8Array) => number
type Renameat2 = (
  call: number,
  fromDir: number,
  from: Uint8Array,
  toDir: number,
  to: Uint8Array,
  flags: number,
) => number
type Readlinkat = (dirfd: number, path: Uint8Array, into: Uint8Array, size: number) => number

let callMkdirat: Mkdirat | undefined
let callMknodat: Mknodat | undefined
let callSymlinkat: Symlinkat | undefined
let callLinkat: Linkat | undefined
let callUnlinkat: Unlinkat | undefined
let callRenameat: Renameat | undefined
let callRenameat2: Renameat2 | undefined
let callReadlinkat: Readlinkat | undefined

/** @throws ErrnoError */
export function mkdirat(dirfd: number, path: KernelPath, mode: number): void {
  const errno = tryMkdirat(dirfd, path, mode)
  if (errno !== 0) throw new ErrnoError('mkdir', path, errno)
}

/** 0, or the error number: for loops in which failing is ordinary. */
export function tryMkdirat(dirfd: number, path: KernelPath, mode: number): number {
  const name = terminated(path) ?? refuseNul('mkdir', path)
  callMkdirat ??= bind<Mkdirat>('mkdirat', 'int', 'int', 'void *', 'uint32_t')
  return callMkdirat(dirfd, name, mode) < 0 ? errnoNow() : 0
}

/** `mode` with the bits of the file type; `device` from `makeDevice`. Character device 0:0 is an overlay whiteout. @throws ErrnoError */
export function mknodat(dirfd: number, path: KernelPath, mode: number, device: number): void {
  const name = terminated(path) ?? refuseNul('mknod', path)
  callMknodat ??= bind<Mknodat>('mknodat', 'int', 'int', 'void *', 'uint32_t', 'int64_t')
  if (callMknodat(dirfd, name, mode, device) < 0) throw failed('mknod', path)
}

/** @throws ErrnoError */
export function symlinkat(target: KernelPath, dirfd: number, path: KernelPath): void {
  const text = terminated(target, 0) ?? refuseNul('symlink', target)
  const name = terminated(path, 1) ?? refuseNul('symlink', path)
  callSymlinkat ??= bind<Symlinkat>('symlinkat', 'int', 'void *', 'int', 'void *')
  if (callSymlinkat(text, dirfd, name) < 0) throw failed('symlink', path)
}

/** Follows no symlink at the end of `from` unless flags say `AT_SYMLINK_FOLLOW`. @throws ErrnoError */
export function linkat(fromDir: number, from: KernelPath, toDir: number, to: KernelPath, flags = 0): void {
  const source = terminated(from, 0) ?? refuseNul('link', from)
  const name = terminated(to, 1) ?? refuseNul('link', to)
  callLinkat ??= bind<Linkat>('linkat', 'int', 'int', 'void *', 'int', 'void *', 'int')
  if (callLinkat(fromDir, source, toDir, name, flags) < 0) throw failed('link', to)
}

/** With `AT_REMOVEDIR` it is rmdir. @throws ErrnoError */
export function unlinkat(dirfd: number, path: KernelPath, flags = 0): void {
  const errno = tryUnlinkat(dirfd, path, flags)
  if (errno !== 0) throw new ErrnoError(flags === AT_REMOVEDIR ? 'rmdir' : 'unlink', path, errno)
}

/** 0, or the error number. */
export function tryUnlinkat(dirfd: number, path: KernelPath, flags = 0): number {
  const name = terminated(path) ?? refuseNul('unlink', path)
  callUnlinkat ??= bind<Unlinkat>('unlinkat', 'int', 'int', 'void *', 'int')
  return callUnlinkat(dirfd, name, flags) < 0 ? errnoNow() : 0
}

/** @throws ErrnoError */
export function renameat(fromDir: number, from: KernelPath, toDir: number, to: KernelPath): void {
  const source = terminated(from, 0) ?? refuseNul('rename', from)
  const name = terminated(to, 1) ?? refuseNul('rename', to)
  callRenameat ??= bind<Renameat>('renameat', 'int', 'int', 'void *', 'int', 'void *')
  if (callRenameat(fromDir, source, toDir, name) < 0) throw failed('rename', from)
}

/** With `RENAME_NOREPLACE` or `RENAME_EXCHANGE`. @throws ErrnoError */
export function renameat2(fromDir: number, from: KernelPath, toDir: number, to: KernelPath, flags: number): void {
  const source = terminated(from, 0) ?? refuseNul('rename', from)
  const name = terminated(to, 1) ?? refuseNul('rename', to)
  callRenameat2 ??= bind<Renameat2>('syscall', 'int', 'int64_t', 'int', 'void *', 'int', 'void *', 'uint32_t')
  if (callRenameat2(numberOfCall('renameat2'), fromDir, source, toDir, name, flags) < 0) throw failed('rename', from)
}

const linkTarget = Buffer.alloc(4096)

/** The target's bytes, a copy. An empty path reads the symlink that `dirfd` was opened on with `O_PATH`. @throws ErrnoError */
export function readlinkat(dirfd: number, path: KernelPath): Buffer {
  const name = terminated(path) ?? refuseNul('readlink', path)
  callReadlinkat ??= bind<Readlinkat>('readlinkat', 'int64_t', 'int', 'void *', 'void *', 'size_t')
  const length = callReadlinkat(dirfd, name, linkTarget, linkTarget.length)
  if (length < 0) throw failed('readlink', path)
  return Buffer.from(linkTarget.subarray(0, length))
}
