import {
  ErrnoError,
  SEEK_SET,
  type FileStatus,
  copyFileRange,
  ficlone,
  ftruncate,
  isErrno,
  lseek,
  read,
  seekData,
  seekHole,
  writeFully,
} from '#ground/sys'

/** Below this, reading and writing takes less time than having the kernel do both. */
const smallFile = 128 * 1024
const largestStep = 64 * 1024 * 1024

/**
 * Copies the bytes of files in the cheapest way there is between two file systems: shared blocks, else a copy inside the
 * kernel, else by reading and writing. What has failed once is not tried again. Holes stay holes.
 */
export class DataCopier {
  #canShare = true
  #canCopyInKernel = true
  readonly #buffer = Buffer.allocUnsafeSlow(smallFile);

  /** Yields between steps of a large file. The target is new and empty. @throws ErrnoError */
  *copy(from: number, to: number, { size, blocks }: FileStatus): Generator<void> {
    if (size === 0 || this.#share(from, to)) return
    if (blocks * 512 >= size) {
      yield* this.#copyRange(from, to, size)
      return
    }
    for (let at = seekData(from, 0); at !== undefined && at < size;) {
      const end = Math.min(seekHole(from, at) ?? size, size)
      lseek(from, at, SEEK_SET)
      lseek(to, at, SEEK_SET)
      yield* this.#copyRange(from, to, end - at)
      at = seekData(from, end)
    }
    ftruncate(to, size)
  }

  #share(from: number, to: number): boolean {
    if (!this.#canShare) return false
    try {
      ficlone(to, from)
      return true
    } catch (error) {
      if (!(error instanceof ErrnoError)) throw error
      this.#canShare = false
      if (isErrno(error, 'EXDEV')) this.#canCopyInKernel = false
      return false
    }
  }

  *#copyRange(from: number, to: number, length: number): Generator<void> {
    for (let left = length; left > 0;) {
      const count = this.#copyStep(from, to, left)
      if (count === 0) return
      left -= count
      if (left > 0) yield
    }
  }

  #copyStep(from: number, to: number, left: number): number {
    if (left > smallFile && this.#canCopyInKernel) {
      try {
        return copyFileRange(from, to, Math.min(left, largestStep))
      } catch (error) {
        if (!isErrno(error, 'EXDEV', 'ENOSYS', 'EOPNOTSUPP', 'EINVAL')) throw error
        this.#canCopyInKernel = false
      }
    }
    const count = read(from, this.#buffer, Math.min(left, smallFile))
    if (count > 0) writeFully(to, this.#buffer, count)
    return count
  }
}
