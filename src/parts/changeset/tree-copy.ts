import {
  AT_SYMLINK_NOFOLLOW,
  type FileStatus,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOATIME,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
  ErrnoError,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  cStringOfLayerPath,
  close,
  errnoNumber,
  fchmod,
  fchmodat,
  fchown,
  fchownat,
  fstat,
  fstatat,
  futimens,
  linkat,
  mknodat,
  openat,
  readlinkat,
  symlinkat,
  tryMkdirat,
  tryOpenat,
  utimensat,
} from '#ground/sys'
import { type LayerPath, layerPath } from '#model'
import { copyAttributes } from './copy-attributes.ts'
import { DataCopier } from './data-copier.ts'
import { DirectoryStack } from './directory-stack.ts'
import { entryPlace } from './entry-place.ts'
import { isDevice } from './file-type.ts'
import { located } from './located.ts'
import { OpenDirectories } from './open-directories.ts'
import { openHostDirectory } from './open-top.ts'

const EEXIST = errnoNumber('EEXIST')
const EPERM = errnoNumber('EPERM')

interface TreeCopyOptions {
  readonly content?: 'copy' | 'link'
  readonly rights?: 'root' | 'user'
}

/** One entry on its way: its name in both directories, and what it is. */
interface Passage {
  readonly from: number
  readonly to: number
  readonly name: Uint8Array
  readonly status: FileStatus
}

/** A copy of a tree in the making: what `copyTree` does, step by step. */
export class TreeCopy implements Disposable {
  readonly #content: 'copy' | 'link'
  readonly #rights: 'root' | 'user'
  readonly #from = new DirectoryStack()
  readonly #to = new DirectoryStack()
  /** Of the directories on the way down: to be set when they are full. */
  readonly #statuses: FileStatus[] = []
  readonly #copier = new DataCopier()
  /** Files with several names: where the first name was put, and how many are to come. */
  readonly #linked = new Map<string, { readonly path: LayerPath; left: number }>()
  readonly #copied: OpenDirectories
  readonly #self = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 }

  /** @throws Fault `system` */
  constructor(source: string, destination: string, options: TreeCopyOptions) {
    this.#content = options.content ?? 'copy'
    this.#rights = options.rights ?? 'root'
    this.#copied = new OpenDirectories(openHostDirectory(destination))
    this.#statuses.push(fstat(this.#from.push(layerPath(''), openHostDirectory(source)).fd))
    this.#to.push(layerPath(''), openHostDirectory(destination), [])
  }

  /** One step for each entry, more for large files. @throws Fault `system` */
  *steps(): Generator<void> {
    for (let from = this.#from.top; from !== undefined; from = this.#from.top) {
      const name = from.names.pop()
      try {
        if (name === undefined) this.#leave()
        else yield* this.#copy(from.fd, name)
      } catch (error) {
        throw located(error, this.#from.pathTo(name))
      }
      yield
    }
  }

  [Symbol.dispose](): void {
    this.#copied[Symbol.dispose]()
    this.#from[Symbol.dispose]()
    this.#to[Symbol.dispose]()
  }

  *#copy(from: number, layerName: LayerPath): Generator<void> {
    const name = cStringOfLayerPath(layerName)
    const status = fstatat(from, name)
    const passage = { from, to: this.#to.top?.fd ?? -1, name, status }
    const type = status.mode & S_IFMT
    if (type === S_IFDIR) this.#enter(passage, layerName)
    else if (type === S_IFREG) yield* this.#copyFile(passage, layerName)
    else if (type === S_IFLNK) this.#copySymlink(passage)
    else if (!isDevice(status.mode) || this.#rights === 'root') this.#copyNode(passage)
  }

  #enter({ to, name, status }: Passage, layerName: LayerPath): void {
    const errno = tryMkdirat(to, name, 0o700)
    if (errno !== 0 && errno !== EEXIST) throw new ErrnoError('mkdir', name, errno)
    const copy = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    this.#to.push(layerName, copy, [])
    this.#from.enter(this.#from.top?.fd ?? -1, layerName)
    this.#statuses.push(status)
  }

  /** Only a directory that is full keeps its times. */
  #leave(): void {
    const status = this.#statuses.pop()
    const [from, to] = [this.#from.top, this.#to.top]
    if (status !== undefined && from !== undefined && to !== undefined) {
      const { uid, gid } = fstat(to.fd)
      if (uid !== status.uid || gid !== status.gid) fchown(to.fd, status.uid, status.gid)
      this.#describe(from.fd, to.fd, status)
    }
    this.#from.leave()
    this.#to.leave()
  }

  *#copyFile(passage: Passage, layerName: LayerPath): Generator<void> {
    const { from, to, name, status } = passage
    if (this.#content === 'link') {
      linkat(from, name, to, name)
      return
    }
    if (status.links > 1 && this.#linkToCopy(passage, layerName)) return
    const source = openQuietly(from, name)
    let copy = -1
    try {
      copy = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
      yield* this.#copier.copy(source, copy, status)
      const { uid, gid } = fstat(copy)
      if (uid !== status.uid || gid !== status.gid) fchown(copy, status.uid, status.gid)
      this.#describe(source, copy, status)
    } finally {
      if (copy !== -1) close(copy)
      close(source)
    }
  }

  #describe(source: number, copy: number, status: FileStatus): void {
    copyAttributes(source, copy, this.#rights)
    fchmod(copy, status.mode & 0o7777)
    futimens(copy, status.accessed, status.modified)
  }

  /** Whether another name of this file has been copied, and the copy has got this name as well. */
  #linkToCopy({ to, name, status }: Passage, layerName: LayerPath): boolean {
    const key = `${status.device}:${status.inode}`
    const first = this.#linked.get(key)
    if (first === undefined) {
      this.#linked.set(key, { path: this.#from.pathTo(layerName), left: status.links - 1 })
      return false
    }
    const place = entryPlace(first.path)
    linkat(this.#copied.get(place.parent).fd, place.nameBytes, to, name)
    if (--first.left === 0) this.#linked.delete(key)
    return true
  }

  #copySymlink({ from, to, name, status }: Passage): void {
    symlinkat(readlinkat(from, name), to, name)
    this.#giveAt(to, name, status)
    utimensat(to, name, status.accessed, status.modified)
  }

  #copyNode({ to, name, status }: Passage): void {
    mknodat(to, name, status.mode, status.specialDevice)
    this.#giveAt(to, name, status)
    fchmodat(to, name, status.mode & 0o7777, AT_SYMLINK_NOFOLLOW)
    utimensat(to, name, status.accessed, status.modified)
  }

  #giveAt(to: number, name: Uint8Array, { uid, gid }: FileStatus): void {
    const self = this.#self
    // Where the directory has another group, the new file may have inherited that.
    if (uid !== self.uid || gid !== self.gid || this.#groupOfTop() !== self.gid) fchownat(to, name, uid, gid)
  }

  #groupOfTop(): number {
    return this.#to.top === undefined ? -1 : fstat(this.#to.top.fd).gid
  }
}

// Reading a file for a copy is no use of it. Only owners may ask for that.
function openQuietly(dirfd: number, name: Uint8Array): number {
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK
  const fd = tryOpenat(dirfd, name, flags | O_NOATIME)
  return fd === -EPERM ? openat(dirfd, name, flags) : fd < 0 ? throwErrno('open', name, -fd) : fd
}

function throwErrno(call: string, name: Uint8Array, errno: number): never {
  throw new ErrnoError(call, name, errno)
}
