import { ErrnoError } from './errno-error.ts'
import { errnoNumber } from './errno.ts'
import { failed, refuseNul } from './failed.ts'
import { type KernelPath, terminated } from './kernel-path.ts'
import { bind, errnoNow } from './libc.ts'

export const XATTR_CREATE = 1
export const XATTR_REPLACE = 2

type Get = (file: Uint8Array | number, name: Uint8Array, value: Uint8Array, size: number) => number
type Set = (file: Uint8Array | number, name: Uint8Array, value: Uint8Array, size: number, flags: number) => number
type List = (file: Uint8Array | number, list: Uint8Array, size: number) => number
type Remove = (file: Uint8Array | number, name: Uint8Array) => number

let callLgetxattr: Get | undefined
let callFgetxattr: Get | undefined
let callLsetxattr: Set | undefined
let callFsetxattr: Set | undefined
let callLlistxattr: List | undefined
let callFlistxattr: List | undefined
let callLremovexattr: Remove | undefined
let callFremovexattr: Remove | undefined

/** The largest value and the longest list that the kernel knows (limits.h), so that one call is always enough. */
const largest = new Uint8Array(65536)

/** Of the file itself, also where it is a symlink. Undefined where it has no such attribute. @throws ErrnoError */
export function lgetxattr(path: KernelPath, name: KernelPath): Buffer | undefined {
  callLgetxattr ??= bind<Get>('lgetxattr', 'int64_t', 'void *', 'void *', 'void *', 'size_t')
  const file = terminated(path, 0) ?? refuseNul('lgetxattr', path)
  return got(callLgetxattr(file, nameOf('lgetxattr', name), largest, largest.length), 'lgetxattr', path)
}

/** @throws ErrnoError */
export function fgetxattr(fd: number, name: KernelPath): Buffer | undefined {
  callFgetxattr ??= bind<Get>('fgetxattr', 'int64_t', 'int', 'void *', 'void *', 'size_t')
  return got(callFgetxattr(fd, nameOf('fgetxattr', name), largest, largest.length), 'fgetxattr', undefined)
}

/** @throws ErrnoError */
export function lsetxattr(path: KernelPath, name: KernelPath, value: Uint8Array, flags = 0): void {
  callLsetxattr ??= bind<Set>('lsetxattr', 'int', 'void *', 'void *', 'void *', 'size_t', 'int')
  const file = terminated(path, 0) ?? refuseNul('lsetxattr', path)
  const result = callLsetxattr(file, nameOf('lsetxattr', name), value, value.byteLength, flags)
  if (result < 0) throw failed('lsetxattr', path)
}

/** @throws ErrnoError */
export function fsetxattr(fd: number, name: KernelPath, value: Uint8Array, flags = 0): void {
  callFsetxattr ??= bind<Set>('fsetxattr', 'int', 'int', 'void *', 'void *', 'size_t', 'int')
  if (callFsetxattr(fd, nameOf('fsetxattr', name), value, value.byteLength, flags) < 0) throw failed('fsetxattr', name)
}

/** Names, one char per byte, in the order of the file system. @throws ErrnoError */
export function llistxattr(path: KernelPath): string[] {
  callLlistxattr ??= bind<List>('llistxattr', 'int64_t', 'void *', 'void *', 'size_t')
  const file = terminated(path, 0) ?? refuseNul('llistxattr', path)
  return listed(callLlistxattr(file, largest, largest.length), 'llistxattr', path)
}

/** @throws ErrnoError */
export function flistxattr(fd: number): string[] {
  callFlistxattr ??= bind<List>('flistxattr', 'int64_t', 'int', 'void *', 'size_t')
  return listed(callFlistxattr(fd, largest, largest.length), 'flistxattr', undefined)
}

/** An attribute that is not there is no error. @throws ErrnoError */
export function lremovexattr(path: KernelPath, name: KernelPath): void {
  callLremovexattr ??= bind<Remove>('lremovexattr', 'int', 'void *', 'void *')
  const file = terminated(path, 0) ?? refuseNul('lremovexattr', path)
  if (callLremovexattr(file, nameOf('lremovexattr', name)) < 0) throwUnlessAbsent('lremovexattr', path)
}

/** @throws ErrnoError */
export function fremovexattr(fd: number, name: KernelPath): void {
  callFremovexattr ??= bind<Remove>('fremovexattr', 'int', 'int', 'void *')
  if (callFremovexattr(fd, nameOf('fremovexattr', name)) < 0) throwUnlessAbsent('fremovexattr', undefined)
}

/**
 * A path for the calls above that means `name` in the directory `dirfd`, whatever becomes of the directory's own path: the
 * kernel's calls for attributes relative to a descriptor are too new to count on. Needs /proc.
 */
export function pathBelow(dirfd: number, name: KernelPath): Uint8Array {
  const prefix = `/proc/self/fd/${dirfd}/`
  const bytes = typeof name === 'string' ? Buffer.from(name, 'utf8') : name
  const length = bytes.at(-1) === 0 ? bytes.length - 1 : bytes.length
  const path = Buffer.alloc(prefix.length + length + 1)
  path.write(prefix, 'latin1')
  path.set(length === bytes.length ? bytes : bytes.subarray(0, length), prefix.length)
  return path
}

function nameOf(call: string, name: KernelPath): Uint8Array {
  return terminated(name, 1) ?? refuseNul(call, name)
}

function got(length: number, call: string, path: KernelPath | undefined): Buffer | undefined {
  if (length >= 0) return Buffer.from(largest.subarray(0, length))
  const errno = errnoNow()
  if (errno === errnoNumber('ENODATA')) return undefined
  throw new ErrnoError(call, path, errno)
}

function listed(length: number, call: string, path: KernelPath | undefined): string[] {
  if (length < 0) throw failed(call, path)
  if (length === 0) return []
  const text = Buffer.from(largest.buffer, 0, length - 1).toString('latin1')
  return text.split('\0')
}

function throwUnlessAbsent(call: string, path: KernelPath | undefined): void {
  const errno = errnoNow()
  if (errno !== errnoNumber('ENODATA')) throw new ErrnoError(call, path, errno)
}
