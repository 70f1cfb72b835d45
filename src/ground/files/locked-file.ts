import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  AT_FDCWD,
  Descriptor,
  type FileStatus,
  O_CREAT,
  O_RDONLY,
  O_RDWR,
  findStatusAt,
  fstat,
  isErrno,
  openat,
  releaseRecordLock,
  tryRecordLock,
} from '#ground/sys'

export type LockMode = 'shared' | 'exclusive'
export type LockAccess = 'read-write' | 'read-only'

export interface LockFileOptions {
  readonly access: LockAccess
  /** Permission bits for a lock file that is created here. */
  readonly creationMode?: number
}

/** A lock file that is open and locked. `fd` is undefined for a read-only one that does not exist: nobody ever wrote there. */
export class LockedFile {
  readonly fd: number | undefined

  constructor(fd: number | undefined) {
    this.fd = fd
  }

  /** Unlocks first: a child that is being forked at this moment still has the descriptor. */
  release(): void {
    if (this.fd === undefined) return
    using file = new Descriptor(this.fd)
    releaseRecordLock(file.fd)
  }
}

/**
 * Opens and tries to lock; undefined when somebody else has it. What is locked is the file that the path names now: another
 * program may have removed the one we opened before we had the lock (podman#29641), and then the new one is tried.
 * @throws ErrnoError
 */
export function tryLockFile(path: string, mode: LockMode, options: LockFileOptions): LockedFile | undefined {
  for (;;) {
    const fd = openLockFile(path, options)
    if (fd === undefined) return new LockedFile(undefined)
    using file = new Descriptor(fd)
    if (!tryRecordLock(fd, mode)) return undefined
    const named = findStatusAt(AT_FDCWD, path, 0)
    if (named !== undefined && isSameFile(named, fstat(fd))) return new LockedFile(file.release())
  }
}

function openLockFile(path: string, options: LockFileOptions): number | undefined {
  if (options.access === 'read-only') return openExisting(path)
  const mode = options.creationMode ?? 0o644
  try {
    return openat(AT_FDCWD, path, O_RDWR | O_CREAT, mode)
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return openat(AT_FDCWD, path, O_RDWR | O_CREAT, mode)
  }
}

function openExisting(path: string): number | undefined {
  try {
    return openat(AT_FDCWD, path, O_RDONLY)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

function isSameFile(a: FileStatus, b: FileStatus): boolean {
  return a.inode === b.inode && a.device === b.device
}
