import { ErrnoError } from './errno-error.ts'
import { errnoNumber } from './errno.ts'
import { bind, errnoNow } from './libc.ts'

type Fcntl = (fd: number, command: number, lock: Uint8Array) => number

let callFcntl: Fcntl | undefined

const F_GETLK = 5
const F_OFD_GETLK = 36
const F_OFD_SETLK = 37

const F_RDLCK = 0
const F_WRLCK = 1
const F_UNLCK = 2

/** struct flock of 64-bit machines: s16 type, s16 whence, padding, s64 start, s64 length, s32 pid, padding. */
const structure = new Uint8Array(32)
const shorts = new Int16Array(structure.buffer)
const ints = new Int32Array(structure.buffer)

/**
 * Tries to take an open-file-description lock on the whole file (fcntl(2)): it excludes the classic locks of other programs,
 * belongs to this open file, and goes with its last descriptor. False when somebody holds it. @throws ErrnoError
 */
export function tryRecordLock(fd: number, mode: 'shared' | 'exclusive'): boolean {
  const errno = lock(fd, F_OFD_SETLK, mode === 'shared' ? F_RDLCK : F_WRLCK)
  if (errno === 0) return true
  if (errno === errnoNumber('EAGAIN') || errno === errnoNumber('EACCES')) return false
  throw new ErrnoError('fcntl', undefined, errno)
}

/** Gives the lock back while the file stays open. @throws ErrnoError */
export function releaseRecordLock(fd: number): void {
  const errno = lock(fd, F_OFD_SETLK, F_UNLCK)
  if (errno !== 0) throw new ErrnoError('fcntl', undefined, errno)
}

/** Who keeps this descriptor from the lock: a pid, -1 for an open-file-description lock, undefined for nobody. @throws ErrnoError */
export function recordLockHolder(fd: number, mode: 'shared' | 'exclusive'): number | undefined {
  const errno = lock(fd, F_OFD_GETLK, mode === 'shared' ? F_RDLCK : F_WRLCK)
  if (errno !== 0) throw new ErrnoError('fcntl', undefined, errno)
  return shorts[0] === F_UNLCK ? undefined : (ints[6] ?? -1)
}

/** The same asked as a classic lock would ask, which also meets locks of other open files of this process. @throws ErrnoError */
export function classicLockHolder(fd: number, mode: 'shared' | 'exclusive'): number | undefined {
  const errno = lock(fd, F_GETLK, mode === 'shared' ? F_RDLCK : F_WRLCK)
  if (errno !== 0) throw new ErrnoError('fcntl', undefined, errno)
  return shorts[0] === F_UNLCK ? undefined : (ints[6] ?? -1)
}

function lock(fd: number, command: number, type: number): number {
  callFcntl ??= bind<Fcntl>('fcntl', 'int', 'int', 'int', 'void *')
  structure.fill(0)
  shorts[0] = type
  return callFcntl(fd, command, structure) < 0 ? errnoNow() : 0
}
