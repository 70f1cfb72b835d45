import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'
import type { Cancellable } from '#model'
import {
  AT_FDCWD,
  AT_REMOVEDIR,
  Descriptor,
  type DirectoryEntry,
  ErrnoError,
  type FileStatus,
  type KernelPath,
  MNT_DETACH,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  UMOUNT_NOFOLLOW,
  clearImmutability,
  clearImmutabilityOf,
  errnoNumber,
  fstat,
  isErrno,
  listDirectory,
  openat,
  pathBelow,
  pathText,
  tryOpenat,
  tryOpenat2,
  tryUnlinkat,
  umount2,
} from '#ground/sys'

/** A directory whose content is being removed. Its descriptor may be closed for a while when many others are open. */
interface Level {
  readonly name: KernelPath
  fd: Descriptor | undefined
  readonly status: FileStatus
  readonly entries: readonly Pick<DirectoryEntry, 'name' | 'type'>[]
  next: number
  /** How often others have put something into it after it had been emptied. */
  readonly refilled: number
}

const mostOpen = 64
const mostRetries = 1000
const sliceMilliseconds = 8

/**
 * Removes a file or a whole tree (spec/drivers §14.4), however deep. What is not there is no error, what others add meanwhile
 * goes too. Never leads outside: directories are entered by descriptor, no symlink is followed, and a mount in the way is
 * detached before anything behind it could be touched. Immutable files lose their flag. Gives way to other work in between.
 * @throws ErrnoError; the signal's reason, and then some of the tree is gone already
 */
export async function removeTree(path: KernelPath, options: Cancellable = {}): Promise<void> {
  options.signal?.throwIfAborted()
  const { directory, name } = split(path)
  let parent: Descriptor
  try {
    parent = new Descriptor(openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY))
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return
    throw error
  }
  using removal = new TreeRemoval(parent, pathText(directory), name)
  let sliceEnd = performance.now() + sliceMilliseconds
  while (!removal.done) {
    const errno = removal.step()
    if (errno !== 0) await removal.overcome(errno)
    if (performance.now() < sliceEnd) continue
    await nextTurn()
    options.signal?.throwIfAborted()
    sliceEnd = performance.now() + sliceMilliseconds
  }
}

class TreeRemoval implements Disposable {
  readonly #levels: Level[]
  /** How often the file that is next has resisted. */
  #failures = 0
  /** How often the way back was lost, because others move or remove directories in here too. */
  #restarts = 0

  constructor(parent: Descriptor, directory: string, name: Buffer) {
    const status = fstat(parent.fd)
    this.#levels = [{ name: directory, fd: parent, status, entries: [{ name, type: 'unknown' }], next: 0, refilled: 0 }]
  }

  get done(): boolean {
    const [bottom] = this.#levels
    return this.#levels.length === 1 && bottom !== undefined && bottom.next === bottom.entries.length
  }

  /** Removes one file, enters one directory or leaves one. An error number means that the same is next again. */
  step(): number {
    const level = this.#top()
    const entry = level.entries[level.next]
    const errno = entry === undefined ? this.#leave(level) : this.#remove(level, entry)
    if (errno === 0) this.#failures = 0
    return errno
  }

  /** Takes away what kept `step` from its work, or throws that. */
  async overcome(errno: number): Promise<void> {
    const { dirfd, name } = this.#target()
    this.#failures++
    if (errno === errnoNumber('EPERM') && this.#failures === 1) {
      const cleared = clearImmutability(dirfd, name)
      if (clearImmutabilityOf(dirfd) || cleared) return
    }
    // What the name means has changed in between: look again.
    const isSwapped = [errnoNumber('EISDIR'), errnoNumber('ENOTDIR'), errnoNumber('ELOOP')].includes(errno)
    if (isSwapped && this.#failures <= mostRetries) return
    // Something is mounted there, or was until a moment ago.
    if ((errno === errnoNumber('EBUSY') || errno === errnoNumber('EXDEV')) && this.#failures <= mostRetries) {
      unmount(dirfd, name)
      if (this.#failures > 1) await delay(10)
      return
    }
    throw new ErrnoError('unlinkat', this.#path(), errno)
  }

  [Symbol.dispose](): void {
    for (const level of this.#levels) level.fd?.close()
  }

  #remove(level: Level, entry: Pick<DirectoryEntry, 'name' | 'type'>): number {
    const dirfd = fdOf(level)
    if (entry.type !== 'directory') {
      const errno = tryUnlinkat(dirfd, entry.name)
      if (errno !== errnoNumber('EISDIR')) return this.#passed(level, errno)
    }
    const flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
    const fd = tryOpenat2(dirfd, entry.name, flags, 0, RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS)
    if (fd >= 0) {
      this.#enter(new Descriptor(fd), entry.name)
      level.next++
      return 0
    }
    // It was a directory when it was listed: somebody has put something else in its place.
    const isNone = -fd === errnoNumber('ENOTDIR') || -fd === errnoNumber('ELOOP')
    return this.#passed(level, isNone ? tryUnlinkat(dirfd, entry.name) : -fd)
  }

  #passed(level: Level, errno: number): number {
    if (errno !== 0 && errno !== errnoNumber('ENOENT')) return errno
    level.next++
    return 0
  }

  #enter(fd: Descriptor, name: KernelPath): void {
    const level: Level = { name, fd, status: fstat(fd.fd), entries: listDirectory(fd.fd), next: 0, refilled: 0 }
    this.#levels.push(level)
    const farAway = this.#levels.at(-mostOpen)
    if (farAway !== undefined && this.#levels.length > mostOpen) {
      farAway.fd?.close()
      farAway.fd = undefined
    }
  }

  #leave(level: Level): number {
    const parent = this.#levels.at(-2)
    if (parent === undefined) return 0
    if (!reopen(parent, level)) return this.#startAgain()
    const errno = tryUnlinkat(fdOf(parent), level.name, AT_REMOVEDIR)
    if (errno === errnoNumber('ENOTDIR')) return this.#startAgain()
    if (errno === errnoNumber('ENOTEMPTY') && level.refilled < mostRetries) return this.#listAgain(level)
    if (errno !== 0 && errno !== errnoNumber('ENOENT')) return errno
    this.#levels.pop()
    level.fd?.close()
    return 0
  }

  // Somebody has put new files into the directory since it was listed, or a full directory in its place.
  #listAgain(level: Level): number {
    const entries = listDirectory(fdOf(level))
    if (entries.length === 0) return this.#startAgain()
    this.#levels.pop()
    this.#levels.push({ ...level, entries, next: 0, refilled: level.refilled + 1 })
    return 0
  }

  // Somebody has moved the directory that we are in, or put something else in its place: what its name means now is still to go.
  #startAgain(): number {
    if (++this.#restarts > mostRetries) return errnoNumber('ESTALE')
    for (const level of this.#levels.splice(1)) level.fd?.close()
    this.#top().next = 0
    return 0
  }

  #target(): { readonly dirfd: number; readonly name: KernelPath } {
    const level = this.#top()
    const entry = level.entries[level.next]
    if (entry !== undefined) return { dirfd: fdOf(level), name: entry.name }
    return { dirfd: fdOf(this.#levels.at(-2) ?? level), name: level.name }
  }

  #top(): Level {
    const level = this.#levels.at(-1)
    if (level === undefined) throw new TypeError('nothing is left to remove')
    return level
  }

  #path(): string {
    const top = this.#top()
    const names = this.#levels.map((level) => pathText(level.name))
    const entry = top.entries[top.next]
    return [...names, ...(entry === undefined ? [] : [pathText(entry.name)])].join('/').replace('//', '/')
  }
}

function fdOf(level: Level): number {
  if (level.fd === undefined) throw new TypeError('the directory was closed')
  return level.fd.fd
}

// A directory whose descriptor had to go is found again from the one inside of it, if it is still the same.
function reopen(parent: Level, inside: Level): boolean {
  if (parent.fd !== undefined) return true
  const fd = tryOpenat(fdOf(inside), '..', O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  if (fd < 0) return false
  const found = new Descriptor(fd)
  const { inode, device } = fstat(fd)
  if (inode !== parent.status.inode || device !== parent.status.device) {
    found.close()
    return false
  }
  parent.fd = found
  return true
}

function unmount(dirfd: number, name: KernelPath): void {
  try {
    umount2(pathBelow(dirfd, name), MNT_DETACH | UMOUNT_NOFOLLOW)
  } catch (error) {
    // EINVAL: nothing is mounted here any more.
    if (!isErrno(error, 'EINVAL', 'ENOENT')) throw error
  }
}

function split(path: KernelPath): { readonly directory: Buffer; readonly name: Buffer } {
  const bytes = typeof path === 'string' ? Buffer.from(path) : Buffer.from(path)
  let end = bytes.length
  while (end > 1 && (bytes[end - 1] === 0x2f || bytes[end - 1] === 0)) end--
  const slash = bytes.lastIndexOf(0x2f, end - 1)
  const name = bytes.subarray(slash + 1, end)
  const text = name.toString('latin1')
  if (text === '' || text === '.' || text === '..') throw new ErrnoError('unlinkat', path, errnoNumber('EINVAL'))
  return { directory: slash < 0 ? Buffer.from('.') : Buffer.from(bytes.subarray(0, slash + 1)), name }
}
