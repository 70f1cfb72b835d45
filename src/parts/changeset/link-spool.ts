import type { TarEntry } from '#formats/tar'
import {
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_RDWR,
  O_TMPFILE,
  close,
  cString,
  openat,
  pread,
  tryOpenat,
  unlinkat,
  writeFully,
} from '#ground/sys'
import { randomBytes } from 'node:crypto'

export interface SpooledFile {
  readonly entry: TarEntry
  readonly offset: number
  readonly size: number
}

/**
 * The files that AUFS layers keep in `.wh..wh.plnk` as targets of hard links: they are no part of the tree, but their bytes are
 * wanted again by every link to them. All lie in one file without a name, so nothing is left over after a crash.
 */
export class LinkSpool implements Disposable {
  readonly fd: number
  readonly #files = new Map<string, SpooledFile>()
  #end = 0

  /** @throws ErrnoError */
  constructor(directory: number) {
    this.fd = openNameless(directory)
  }

  /** Says that `size` bytes more have been written to `fd`, and whose they are. */
  add(name: string, entry: TarEntry, size: number): void {
    this.#files.set(name, { entry, offset: this.#end, size })
    this.#end += size
  }

  find(name: string): SpooledFile | undefined {
    return this.#files.get(name)
  }

  /** @throws ErrnoError */
  copy(file: SpooledFile, target: number): void {
    const buffer = new Uint8Array(Math.min(file.size, 1 << 20))
    for (let done = 0; done < file.size;) {
      const count = pread(this.fd, buffer, file.offset + done, Math.min(buffer.length, file.size - done))
      if (count === 0) return
      writeFully(target, buffer, count)
      done += count
    }
  }

  [Symbol.dispose](): void {
    close(this.fd)
  }
}

function openNameless(directory: number): number {
  const nameless = tryOpenat(directory, cString('.'), O_TMPFILE | O_RDWR, 0o600)
  if (nameless >= 0) return nameless
  // Not every file system can do that.
  const name = cString(`.shale-links-${randomBytes(8).toString('hex')}`)
  const fd = openat(directory, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0o600)
  unlinkat(directory, name)
  return fd
}
