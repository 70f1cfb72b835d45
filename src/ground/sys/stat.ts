import { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW } from './at-flags.ts'
import { makeDevice } from './device.ts'
import { ErrnoError } from './errno-error.ts'
import { errnoNumber } from './errno.ts'
import { refuseNul } from './failed.ts'
import { type KernelPath, terminated } from './kernel-path.ts'
import { bind, errnoNow } from './libc.ts'
import type { FileTime } from './times.ts'

/** What the kernel says of a file. Numbers, but for the inode number, which overlay and others make larger than 2^53. */
export interface FileStatus {
  /** With the bits of the file type. */
  readonly mode: number
  readonly links: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly inode: bigint
  /** The device the file is on, and the one it stands for: numbers as `makeDevice` makes them. */
  readonly device: number
  readonly specialDevice: number
  readonly blocks: number
  readonly accessed: FileTime
  readonly modified: FileTime
  readonly changed: FileTime
}

export const S_IFMT = 0o170000
export const S_IFSOCK = 0o140000
export const S_IFLNK = 0o120000
export const S_IFREG = 0o100000
export const S_IFBLK = 0o060000
export const S_IFDIR = 0o040000
export const S_IFCHR = 0o020000
export const S_IFIFO = 0o010000

type Statx = (dirfd: number, path: Uint8Array, flags: number, mask: number, into: Uint8Array) => number

let callStatx: Statx | undefined

const STATX_BASIC_STATS = 0x7ff

/** struct statx: the same on every machine, unlike struct stat. */
const bytes = new Uint8Array(256)
const u32 = new Uint32Array(bytes.buffer)
const i32 = new Int32Array(bytes.buffer)
const u64 = new BigUint64Array(bytes.buffer)
const modeView = new Uint16Array(bytes.buffer)

/** Of the symlink itself unless flags say otherwise. @throws ErrnoError */
export function fstatat(dirfd: number, path: KernelPath, flags = AT_SYMLINK_NOFOLLOW): FileStatus {
  const errno = statx(dirfd, path, flags)
  if (errno !== 0) throw new ErrnoError('lstat', path, errno)
  return status()
}

/** Undefined where there is no such file, or a part of the way is no directory. @throws ErrnoError for any other reason */
export function findStatusAt(dirfd: number, path: KernelPath, flags = AT_SYMLINK_NOFOLLOW): FileStatus | undefined {
  const errno = statx(dirfd, path, flags)
  if (errno === 0) return status()
  if (isAbsence(errno)) return undefined
  throw new ErrnoError('lstat', path, errno)
}

/** Only the mode, with the file type: nothing is allocated. -1 where there is no such file. @throws ErrnoError for any other reason */
export function findModeAt(dirfd: number, path: KernelPath, flags = AT_SYMLINK_NOFOLLOW): number {
  const errno = statx(dirfd, path, flags)
  if (errno === 0) return modeView[14] ?? 0
  if (isAbsence(errno)) return -1
  throw new ErrnoError('lstat', path, errno)
}

const nothing = new Uint8Array(1)

/** @throws ErrnoError */
export function fstat(fd: number): FileStatus {
  const errno = statx(fd, nothing, AT_EMPTY_PATH)
  if (errno !== 0) throw new ErrnoError('fstat', undefined, errno)
  return status()
}

/** Nanoseconds since 1970. */
export function nanosecondsOf(time: FileTime): bigint {
  return BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanoseconds)
}

function statx(dirfd: number, path: KernelPath, flags: number): number {
  const name = terminated(path) ?? refuseNul('lstat', path)
  callStatx ??= bind<Statx>('statx', 'int', 'int', 'void *', 'int', 'uint32_t', 'void *')
  return callStatx(dirfd, name, flags, STATX_BASIC_STATS, bytes) < 0 ? errnoNow() : 0
}

function isAbsence(errno: number): boolean {
  return errno === errnoNumber('ENOENT') || errno === errnoNumber('ENOTDIR')
}

function status(): FileStatus {
  return {
    mode: modeView[14] ?? 0,
    links: u32[4] ?? 0,
    uid: u32[5] ?? 0,
    gid: u32[6] ?? 0,
    size: wide(10),
    inode: u64[4] ?? 0n,
    device: makeDevice(u32[34] ?? 0, u32[35] ?? 0),
    specialDevice: makeDevice(u32[32] ?? 0, u32[33] ?? 0),
    blocks: wide(12),
    accessed: time(16),
    modified: time(28),
    changed: time(24),
  }
}

function wide(word: number): number {
  return (u32[word] ?? 0) + (u32[word + 1] ?? 0) * 0x1_0000_0000
}

// struct statx_timestamp: s64 seconds, u32 nanoseconds, padding.
function time(word: number): FileTime {
  return { seconds: (u32[word] ?? 0) + (i32[word + 1] ?? 0) * 0x1_0000_0000, nanoseconds: u32[word + 2] ?? 0 }
}
