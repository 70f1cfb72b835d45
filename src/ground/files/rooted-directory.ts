import { Fault, type LayerPath, bytesOfLayerPath, textOfLayerPath } from '#model'
import {
  AT_FDCWD,
  Descriptor,
  type DirectoryEntry,
  ErrnoError,
  type FileStatus,
  type KernelPath,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  S_IFMT,
  S_IFREG,
  errnoNumber,
  fstat,
  listDirectory,
  openat,
  pathText,
  read,
  readlinkat,
  tryOpenat2,
} from '#ground/sys'

/** A path inside: a layer path, or its raw bytes. */
export type RootedPath = LayerPath | Uint8Array

/** A name and the directory that it is in. */
export interface RootedName extends Disposable {
  readonly directory: number
  readonly name: Buffer
}

/**
 * A directory as the root of all paths below it, as if one had changed root into it (openat2(2), `RESOLVE_IN_ROOT`): absolute
 * symlinks begin here, `..` ends here, and since the kernel checks while it walks, nobody who swaps directories for symlinks at the
 * same time gets outside either. For trees that a stranger has made.
 */
export class RootedDirectory implements Disposable {
  readonly path: string
  readonly #root: Descriptor

  /** @throws ErrnoError */
  constructor(path: KernelPath) {
    this.path = pathText(path)
    this.#root = new Descriptor(openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY))
  }

  /** The descriptor of the directory itself, which goes with this object. */
  get fd(): number {
    return this.#root.fd
  }

  /** A descriptor of a file inside; symlinks are followed, the last one too unless flags say `O_NOFOLLOW`. @throws ErrnoError */
  open(path: RootedPath, flags: number, mode = 0): number {
    const fd = this.#tryOpen(path, flags, mode)
    if (fd < 0) throw new ErrnoError('open', pathIn(path), -fd)
    return fd
  }

  /** The directory in which the last name of a path is, for calls that create, change or remove that name. @throws ErrnoError; Fault `path-escapes-root` for a path without a last name */
  parent(path: RootedPath): RootedName {
    const bytes = bytesOf(path)
    let end = bytes.length
    while (end > 0 && bytes[end - 1] === 0x2f) end--
    const slash = bytes.lastIndexOf(0x2f, end - 1)
    const name = bytes.subarray(end === 0 ? 0 : slash + 1, end)
    if (['', '.', '..'].includes(name.toString('latin1'))) {
      throw new Fault({ code: 'path-escapes-root', root: this.path, path: pathIn(path) })
    }
    const before = slash <= 0 ? Buffer.from('.') : bytes.subarray(0, slash)
    const directory = new Descriptor(this.open(before, O_PATH | O_DIRECTORY))
    return { directory: directory.fd, name, [Symbol.dispose]: () => directory.close() }
  }

  /** Of the last symlink itself; undefined where there is no such file. @throws ErrnoError for any other reason */
  find(path: RootedPath): FileStatus | undefined {
    using file = this.#findPath(path)
    return file === undefined ? undefined : fstat(file.fd)
  }

  /** The target of a symlink, as it is written there. @throws ErrnoError */
  readlink(path: RootedPath): Buffer {
    using link = new Descriptor(this.open(path, O_PATH | O_NOFOLLOW))
    return readlinkat(link.fd, '')
  }

  /** All names in a directory but `.` and `..`. @throws ErrnoError */
  list(path: RootedPath): DirectoryEntry[] {
    using directory = new Descriptor(this.open(path, O_RDONLY | O_DIRECTORY))
    return listDirectory(directory.fd)
  }

  /**
   * The content of a regular file. A symlink as the last name, a fifo and a device are refused before they are opened: opening some
   * of them would wait for ever, or do something.
   * @throws Fault `file-unknown`, `unsupported` for what is no regular file, `limit-exceeded` for more than `atMost` bytes; ErrnoError
   */
  readFile(path: RootedPath, atMost: number): Buffer {
    using place = this.#findPath(path)
    if (place === undefined) throw new Fault({ code: 'file-unknown', path: pathIn(path) })
    if ((fstat(place.fd).mode & S_IFMT) !== S_IFREG) {
      throw new Fault({
        code: 'unsupported',
        what: `reading ${pathIn(path)}, which is no regular file,`,
        by: this.path,
      })
    }
    // The very file that has just been looked at, whatever its name means by now.
    using file = new Descriptor(openat(AT_FDCWD, `/proc/self/fd/${place.fd}`, O_RDONLY | O_NONBLOCK))
    return readAll(file.fd, atMost, pathIn(path))
  }

  [Symbol.dispose](): void {
    this.#root.close()
  }

  #findPath(path: RootedPath): Descriptor | undefined {
    const fd = this.#tryOpen(path, O_PATH | O_NOFOLLOW)
    if (fd >= 0) return new Descriptor(fd)
    if (-fd === errnoNumber('ENOENT') || -fd === errnoNumber('ENOTDIR')) return undefined
    throw new ErrnoError('open', pathIn(path), -fd)
  }

  #tryOpen(path: RootedPath, flags: number, mode = 0): number {
    const bytes = bytesOf(path)
    const inside = bytes.length === 0 ? '.' : bytes
    return tryOpenat2(this.#root.fd, inside, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
  }
}

function bytesOf(path: RootedPath): Buffer {
  if (typeof path === 'string') return bytesOfLayerPath(path)
  return Buffer.from(path.buffer, path.byteOffset, path.byteLength)
}

function pathIn(path: RootedPath): string {
  return typeof path === 'string' ? textOfLayerPath(path) : pathText(path)
}

function readAll(fd: number, atMost: number, path: string): Buffer {
  const chunks: Buffer[] = []
  let size = 0
  for (;;) {
    const chunk = Buffer.allocUnsafe(Math.min(65536, atMost + 1 - size))
    const count = read(fd, chunk)
    if (count === 0) return Buffer.concat(chunks)
    size += count
    if (size > atMost) throw new Fault({ code: 'limit-exceeded', limit: `bytes in ${path}`, most: atMost })
    chunks.push(chunk.subarray(0, count))
  }
}
