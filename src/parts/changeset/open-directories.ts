import {
  type FileStatus,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  ErrnoError,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  close,
  cStringOfLayerPath,
  errnoNumber,
  fstat,
  mkdirat,
  openat,
  tryOpenat,
  tryOpenat2,
} from '#ground/sys'
import { type LayerPath, layerPath } from '#model'

/** A directory of the tree, held open: what is done to it is done to this directory, whatever becomes of its path. */
export interface OpenDirectory {
  readonly path: LayerPath
  readonly fd: number
  readonly inode: bigint
  /** The group that new files may inherit from it. */
  gid: number
}

const ENOENT = errnoNumber('ENOENT')
const ELOOP = errnoNumber('ELOOP')
const ENOTDIR = errnoNumber('ENOTDIR')

const kept = 64
/** Paths from here on the kernel refuses in one piece (PATH_MAX, with the NUL). */
const longest = 4095

/**
 * The directories below a root, found by path as a process chrooted there would find them: symlinks are followed inside, `..`
 * stops at the root. The descriptors of the last ones are kept. Paths are clean (`cleanLayerPath`).
 *
 * A kept descriptor stands for what its path meant when it was opened. Whoever removes a directory or a symlink from the tree,
 * and so may change what paths mean, calls `forget`. Adding names needs no such call: no kept path leads over an absent name.
 */
export class OpenDirectories implements Disposable {
  readonly root: OpenDirectory
  readonly #kept = new Map<string, OpenDirectory>()
  #last: OpenDirectory

  constructor(root: number) {
    const status = fstat(root)
    this.root = { path: layerPath(''), fd: root, inode: status.inode, gid: status.gid }
    this.#last = this.root
  }

  /** The descriptor is good until `forget`, or until many others have been asked for. @throws ErrnoError */
  get(path: LayerPath): OpenDirectory {
    const found = this.find(path)
    if (typeof found !== 'number') return found
    throw new ErrnoError('open', cStringOfLayerPath(path), found)
  }

  /** The directory, or the error number. */
  find(path: LayerPath): OpenDirectory | number {
    if (path === this.#last.path) return this.#last
    if (path === '') return this.root
    const known = this.#kept.get(path)
    if (known !== undefined) {
      this.#kept.delete(path)
      this.#kept.set(path, known)
      this.#last = known
      return known
    }
    const fd = this.#walk(path)
    return fd < 0 ? -fd : this.keep(path, fd, fstat(fd))
  }

  /** Takes over a descriptor of this path. */
  keep(path: LayerPath, fd: number, status: Pick<FileStatus, 'inode' | 'gid'>): OpenDirectory {
    const directory = { path, fd, inode: status.inode, gid: status.gid }
    const replaced = this.#kept.get(path)
    if (replaced !== undefined) {
      this.#kept.delete(path)
      close(replaced.fd)
    }
    this.#kept.set(path, directory)
    this.#last = directory
    if (this.#kept.size > kept) this.#dropOldest()
    return directory
  }

  /** Makes a directory of mode 0755, whatever the umask, where nothing is. @throws ErrnoError */
  make(parent: OpenDirectory, name: LayerPath): { readonly fd: number; readonly status: FileStatus } {
    const bytes = cStringOfLayerPath(name)
    mkdirat(parent.fd, bytes, 0o755)
    const fd = openat(parent.fd, bytes, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    return { fd, status: fstat(fd) }
  }

  forget(): void {
    this.#last = this.root
    for (const directory of this.#kept.values()) close(directory.fd)
    this.#kept.clear()
  }

  [Symbol.dispose](): void {
    this.forget()
    close(this.root.fd)
  }

  #dropOldest(): void {
    for (const [path, oldest] of this.#kept) {
      this.#kept.delete(path)
      close(oldest.fd)
      return
    }
  }

  // A path in one piece is the kernel's to walk. Of a longer one the kernel walks the beginning, and the rest is entered part by
  // part: symlinks are refused there, as the original, which hands the whole path to the kernel, refuses all of it.
  #walk(path: LayerPath): number {
    if (path.length <= longest) return this.#walkInRoot(path)
    const above = this.#kept.get(path.slice(0, path.lastIndexOf('/')))
    if (above !== undefined) return enter(above.fd, path.slice(above.path.length + 1))
    const cut = path.lastIndexOf('/', longest)
    if (cut === -1) return -ENOENT
    const beginning = this.#walkInRoot(path.slice(0, cut))
    if (beginning < 0) return beginning
    let fd = beginning
    for (const name of path.slice(cut + 1).split('/')) {
      const below = enter(fd, name)
      close(fd)
      if (below < 0) return below
      fd = below
    }
    return fd
  }

  #walkInRoot(path: string): number {
    const resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
    return tryOpenat2(this.root.fd, cStringOfLayerPath(layerPath(path)), O_PATH | O_DIRECTORY, 0, resolve)
  }
}

function enter(fd: number, name: string): number {
  const below = tryOpenat(fd, cStringOfLayerPath(layerPath(name)), O_PATH | O_DIRECTORY | O_NOFOLLOW)
  return below === -ENOTDIR ? -ELOOP : below
}
