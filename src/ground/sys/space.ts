import { ErrnoError } from './errno-error.ts'
import { errnoNumber } from './errno.ts'
import { failed } from './failed.ts'
import { bind, errnoNow } from './libc.ts'

export const FALLOC_FL_KEEP_SIZE = 1
export const FALLOC_FL_PUNCH_HOLE = 2

type Fallocate = (fd: number, mode: number, offset: number, length: number) => number
type Ftruncate = (fd: number, length: number) => number
type Lseek = (fd: number, offset: number, whence: number) => number

let callFallocate: Fallocate | undefined
let callFtruncate: Ftruncate | undefined
let callLseek: Lseek | undefined

/** @throws ErrnoError */
export function fallocate(fd: number, mode: number, offset: number, length: number): void {
  callFallocate ??= bind<Fallocate>('fallocate', 'int', 'int', 'int', 'int64_t', 'int64_t')
  if (callFallocate(fd, mode, offset, length) < 0) throw failed('fallocate')
}

/** @throws ErrnoError */
export function ftruncate(fd: number, length: number): void {
  callFtruncate ??= bind<Ftruncate>('ftruncate', 'int', 'int', 'int64_t')
  if (callFtruncate(fd, length) < 0) throw failed('ftruncate')
}

export const SEEK_SET = 0
export const SEEK_CUR = 1
export const SEEK_END = 2

/** @throws ErrnoError */
export function lseek(fd: number, offset: number, whence: number): number {
  const place = seek(fd, offset, whence)
  if (place < 0) throw new ErrnoError('lseek', undefined, -place)
  return place
}

/** Where data begins at or after `offset`; undefined when only a hole follows. @throws ErrnoError */
export function seekData(fd: number, offset: number): number | undefined {
  return seekOrEnd(fd, offset, 3)
}

/** Where a hole begins at or after `offset`; the end of the file counts as one. Undefined beyond the end. @throws ErrnoError */
export function seekHole(fd: number, offset: number): number | undefined {
  return seekOrEnd(fd, offset, 4)
}

function seekOrEnd(fd: number, offset: number, whence: number): number | undefined {
  const place = seek(fd, offset, whence)
  if (place >= 0) return place
  if (-place === errnoNumber('ENXIO')) return undefined
  throw new ErrnoError('lseek', undefined, -place)
}

function seek(fd: number, offset: number, whence: number): number {
  callLseek ??= bind<Lseek>('lseek', 'int64_t', 'int', 'int64_t', 'int')
  const place = callLseek(fd, offset, whence)
  return place < 0 ? -errnoNow() : place
}
