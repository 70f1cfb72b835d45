import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  AT_FDCWD,
  ErrnoError,
  O_CREAT,
  O_EXCL,
  O_RDWR,
  RENAME_NOREPLACE,
  close,
  errnoNumber,
  isErrno,
  openat,
  randomNumber,
  renameat,
  renameat2,
  tryMkdirat,
  tryUnlinkat,
} from '#ground/sys'
import { type LockedFile, tryLockFile } from './locked-file.ts'
import { removeTree } from './remove-tree.ts'

/** A place on the same file system where something is filled, out of sight, until it is moved to where it belongs. */
export interface StagedAddition {
  /** Does not exist yet. */
  readonly path: string
  /** Moves it to its place, which must be free. @throws ErrnoError `EEXIST`, `ENOTEMPTY` when it is not */
  commit(destination: string): void
}

const mostAttempts = 1000

/**
 * A directory for what is on its way out or in (spec/drivers §2.4, spec/store §4.5), locked for as long as this process lives:
 * whatever is still in it after a crash is removed by the next one's `recoverStaleDirs`.
 */
export class TempDir implements AsyncDisposable {
  readonly path: string
  readonly #lockPath: string
  #lock: LockedFile | undefined
  #counter = 0

  private constructor(path: string, lockPath: string, lock: LockedFile) {
    this.path = path
    this.#lockPath = lockPath
    this.#lock = lock
  }

  /** Creates `root` too where it is missing. @throws ErrnoError */
  static create(root: string): TempDir {
    mkdirSync(root, { recursive: true, mode: 0o700 })
    for (let attempt = 1; ; attempt++) {
      const suffix = String(randomNumber())
      const path = join(root, `temp-dir-${suffix}`)
      const lockPath = join(root, `lock-${suffix}`)
      const lock = lockNew(lockPath)
      const errno = lock === undefined ? errnoNumber('EAGAIN') : tryMkdirat(AT_FDCWD, path, 0o700)
      if (lock !== undefined && errno === 0) return new TempDir(path, lockPath, lock)
      lock?.release()
      const isTaken = errno === errnoNumber('EAGAIN') || errno === errnoNumber('EEXIST')
      if (!isTaken || attempt === mostAttempts) throw new ErrnoError('mkdir', path, errno)
    }
  }

  /** Moves a file or a tree out of sight, to be deleted by `cleanup`; false when it is not there. @throws ErrnoError */
  stageDeletion(path: string): boolean {
    try {
      renameat(AT_FDCWD, path, AT_FDCWD, this.#next(basename(path)))
      return true
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return false
      throw error
    }
  }

  /** Reserves a name; nothing is created. */
  stageAddition(): StagedAddition {
    const path = this.#next('addition')
    return { path, commit: (destination) => moveToFreePlace(path, destination) }
  }

  /** Deletes all that was staged and not committed. Doing it twice does it once. @throws ErrnoError */
  async cleanup(): Promise<void> {
    const lock = this.#lock
    if (lock === undefined) return
    this.#lock = undefined
    try {
      await removeTree(this.path)
      // While it is still locked, so that nobody locks a file that is about to lose its name.
      tryUnlinkat(AT_FDCWD, this.#lockPath)
    } finally {
      lock.release()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cleanup()
  }

  #next(name: string): string {
    if (this.#lock === undefined) throw new TypeError('temp dir instance not initialized or already cleaned up')
    return join(this.path, `${this.#counter++}-${name}`)
  }
}

function lockNew(lockPath: string): LockedFile | undefined {
  try {
    close(openat(AT_FDCWD, lockPath, O_RDWR | O_CREAT | O_EXCL, 0o600))
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return undefined
    throw error
  }
  return tryLockFile(lockPath, 'exclusive', { access: 'read-write', creationMode: 0o600 })
}

function moveToFreePlace(path: string, destination: string): void {
  try {
    renameat2(AT_FDCWD, path, AT_FDCWD, destination, RENAME_NOREPLACE)
  } catch (error) {
    // Some file systems cannot promise it; a directory then at least never replaces one that has content.
    if (!isErrno(error, 'EINVAL', 'ENOSYS')) throw error
    renameat(AT_FDCWD, path, AT_FDCWD, destination)
  }
}
