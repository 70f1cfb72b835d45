import { readdirSync } from 'node:fs'
import {
  cString,
  cStringOfLayerPath,
  Descriptor,
  fgetxattr,
  type FileStatus,
  findStatusAt,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  openat,
  readlinkat,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from '#ground/sys'
import { Fault, layerPath, type LayerPath, layerPathOfBytes, textOfLayerPath } from '#model'

/** A file of a layer as a container would see it. */
export interface MergedFile {
  /** Relative to the layer's root, not beginning with `/`; the root itself is `''`. */
  readonly path: LayerPath
  readonly status: FileStatus
  /** Of a symbolic link: its target, as it stands. */
  readonly target?: LayerPath
}

const currentDirectory = -100
const mostSymlinks = 40
const opaqueMarks = [cString('trusted.overlay.opaque'), cString('user.overlay.opaque')]

/**
 * The files of a layer together with those of its parents, looked at without a mount: whiteouts hide, opaque directories cut
 * off (overlayfs.rst, "whiteouts and opaque directories"). Every step goes through a directory descriptor and follows no link
 * by itself; links are resolved here, inside the merged root, so nothing in a layer leads out of it.
 */
export class MergedTree {
  readonly #directories: readonly string[]

  /** Host directories, top first, as `Driver.directoriesOf` gives them. */
  constructor(directories: readonly string[]) {
    this.#directories = directories
  }

  /** What lies at a path; a link at its end is followed if asked. @throws Fault `file-unknown`; ErrnoError */
  get(path: LayerPath, links: 'follow' | 'keep' = 'follow'): MergedFile {
    using walk = new Walk(this.#directories, path, links)
    return walk.file()
  }

  /** What a directory holds, sorted by name. @throws Fault `file-unknown`, also where the path is no directory */
  list(path: LayerPath): readonly MergedFile[] {
    using walk = new Walk(this.#directories, path, 'follow')
    return walk.list()
  }

  /** A descriptor to read a regular file from, to be closed by the caller. @throws Fault `file-unknown`, `unsupported` */
  open(path: LayerPath): number {
    using walk = new Walk(this.#directories, path, 'follow')
    return walk.open()
  }
}

/** The directories that make up one merged directory, top first. */
type Merged = readonly Descriptor[]

type Found =
  | { readonly kind: 'directory'; readonly merged: Merged; readonly status: FileStatus }
  | { readonly kind: 'other'; readonly within: Descriptor; readonly name: Uint8Array; readonly status: FileStatus }

/** One resolution of a path. Holds the descriptors it opened until it is disposed. */
class Walk implements Disposable {
  readonly #opened: Descriptor[] = []
  readonly #wanted: LayerPath
  /** The merged directories from the root to where the walk is. */
  readonly #stack: Merged[] = []
  #found: Found
  #at: string[] = []

  constructor(directories: readonly string[], path: LayerPath, links: 'follow' | 'keep') {
    this.#wanted = path
    try {
      const root = directories.map((directory) => this.#open(currentDirectory, cString(directory)))
      this.#found = this.#rootOf(root)
      this.#resolve(path, links)
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  file(): MergedFile {
    const path = layerPath(this.#at.join('/'))
    const { status } = this.#found
    const isLink = this.#found.kind === 'other' && (status.mode & S_IFMT) === S_IFLNK
    return isLink ? { path, status, target: this.#targetOf(this.#found) } : { path, status }
  }

  list(): readonly MergedFile[] {
    if (this.#found.kind !== 'directory') throw this.#unknown('not a directory')
    const { merged } = this.#found
    const names = new Set(
      merged.flatMap(({ fd }) => readdirSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' }).map(layerPathOfBytes)),
    )
    const prefix = this.#at.length === 0 ? '' : `${this.#at.join('/')}/`
    return [...names].toSorted().flatMap((name) => {
      const found = this.#lookup(merged, name)
      if (found === undefined) return []
      const path = layerPath(`${prefix}${name}`)
      if (found.kind === 'directory' || (found.status.mode & S_IFMT) !== S_IFLNK)
        return [{ path, status: found.status }]
      return [{ path, status: found.status, target: this.#targetOf(found) }]
    })
  }

  open(): number {
    const found = this.#found
    if (found.kind !== 'other' || (found.status.mode & S_IFMT) !== S_IFREG) {
      throw new Fault({
        code: 'unsupported',
        what: `reading ${textOfLayerPath(this.#wanted)}, which is no regular file,`,
        by: 'this command',
      })
    }
    return openat(found.within.fd, found.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#opened.splice(0)) descriptor.close()
  }

  #resolve(path: LayerPath, links: 'follow' | 'keep'): void {
    const rest = path.split('/').toReversed()
    let followed = 0
    while (rest.length > 0) {
      const name = rest.pop() ?? ''
      if (name === '' || name === '.') continue
      if (name === '..') {
        this.#goUp()
        continue
      }
      const isLast = rest.every((part) => part === '')
      const found = this.#step(name)
      const isLink = found.kind === 'other' && (found.status.mode & S_IFMT) === S_IFLNK
      if (isLink && (!isLast || links === 'follow')) {
        followed += 1
        if (followed > mostSymlinks) throw this.#unknown('too many levels of symbolic links')
        this.#follow(this.#targetOf(found), rest)
      } else {
        if (found.kind === 'other' && !isLast) throw this.#unknown('not a directory')
        this.#found = found
        this.#at.push(name)
        if (found.kind === 'directory') this.#stack.push(found.merged)
      }
    }
  }

  #step(name: string): Found {
    const here = this.#stack.at(-1)
    const found = here === undefined ? undefined : this.#lookup(here, name)
    if (found === undefined) throw this.#unknown('no such file or directory')
    return found
  }

  /** Puts a link's target before what is left of the path; an absolute one begins at the root again. */
  #follow(target: LayerPath, rest: string[]): void {
    rest.push(...target.split('/').toReversed())
    if (!target.startsWith('/')) return
    while (this.#stack.length > 1) this.#goUp()
  }

  #goUp(): void {
    if (this.#stack.length > 1) {
      this.#stack.pop()
      this.#at.pop()
    }
    this.#found = this.#rootOf(this.#stack.pop() ?? [])
  }

  #rootOf(merged: Merged): Found {
    const [top] = merged
    if (top === undefined) throw this.#unknown('no such file or directory')
    this.#stack.push(merged)
    const status = findStatusAt(top.fd, '.')
    if (status === undefined) throw this.#unknown('no such file or directory')
    return { kind: 'directory', merged, status }
  }

  #lookup(merged: Merged, name: string): Found | undefined {
    const bytes = cStringOfLayerPath(layerPath(name))
    const directories: Descriptor[] = []
    let top: FileStatus | undefined
    for (const within of merged) {
      const status = findStatusAt(within.fd, bytes)
      if (status === undefined) continue
      if ((status.mode & S_IFMT) !== S_IFDIR) {
        if (top !== undefined || isWhiteout(status)) break
        return { kind: 'other', within, name: bytes, status }
      }
      top ??= status
      const directory = this.#open(within.fd, bytes)
      directories.push(directory)
      if (isOpaque(directory)) break
    }
    return top === undefined ? undefined : { kind: 'directory', merged: directories, status: top }
  }

  #targetOf(found: Found): LayerPath {
    return found.kind === 'directory' ? layerPath('') : layerPathOfBytes(readlinkat(found.within.fd, found.name))
  }

  #open(dirfd: number, name: Uint8Array): Descriptor {
    const descriptor = new Descriptor(openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
    this.#opened.push(descriptor)
    return descriptor
  }

  #unknown(problem: string): Fault {
    return new Fault({ code: 'file-unknown', path: `/${textOfLayerPath(this.#wanted).replace(/^\/+/, '')}`, problem })
  }
}

function isWhiteout({ mode, specialDevice }: FileStatus): boolean {
  return (mode & S_IFMT) === S_IFCHR && specialDevice === 0
}

function isOpaque({ fd }: Descriptor): boolean {
  return opaqueMarks.some((name) => fgetxattr(fd, name)?.toString('latin1') === 'y')
}
