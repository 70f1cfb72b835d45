import { ErrnoError, S_IFDIR, S_IFLNK, S_IFMT, errnoNumber, fchmod, findModeAt, isErrno, unlinkat } from '#ground/sys'
import { type LayerPath, layerPath } from '#model'
import type { EntryPlace } from './entry-place.ts'
import { type OpenDirectory, OpenDirectories } from './open-directories.ts'
import { openHostDirectory } from './open-top.ts'
import { OwnContents } from './own-content.ts'
import { removeTree } from './remove-tree.ts'
import type { ApplyTarget } from './target.ts'

const ENOENT = errnoNumber('ENOENT')

/** Called with every directory that is made because an entry's parent was missing; returns the group that it has afterwards. */
export type OnMissingParent = (fd: number, path: LayerPath) => number | undefined

/** The directory a changeset is applied to: finding places in it and making room there, with all that has to be remembered. */
export class LayerTree implements Disposable {
  readonly directories: OpenDirectories
  readonly contents = new OwnContents()
  readonly #hasLowerContent: boolean
  readonly #onMissingParent: OnMissingParent
  readonly #onRemoved: (path: LayerPath) => void

  /** @throws Fault `system` */
  constructor(
    target: Pick<ApplyTarget, 'directory' | 'semantics'>,
    onMissingParent: OnMissingParent,
    onRemoved: (path: LayerPath) => void,
  ) {
    this.directories = new OpenDirectories(openHostDirectory(target.directory))
    this.#hasLowerContent = target.semantics === 'unpack-layer'
    this.#onMissingParent = onMissingParent
    this.#onRemoved = onRemoved
  }

  /** The directory for an entry, made if missing. @throws ErrnoError */
  parentOf(place: EntryPlace): OpenDirectory {
    const found = this.directories.find(place.parent)
    if (typeof found !== 'number') return found
    if (found === ENOENT) return this.#makeMissing(place.parent)
    throw new ErrnoError('open', place.nameBytes, found)
  }

  /** Runs `create`, and where something is in the way removes that and runs it again. @throws ErrnoError */
  create(place: EntryPlace, create: (parent: OpenDirectory) => void): OpenDirectory {
    let parent = this.parentOf(place)
    try {
      create(parent)
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error
      parent = this.clearWay(place, parent)
      create(parent)
    }
    this.noteOwn(parent, place.name)
    return parent
  }

  /** Removes whatever has this name. @returns the parent, which may have been opened anew */
  clearWay(place: EntryPlace, parent: OpenDirectory): OpenDirectory {
    const type = findModeAt(parent.fd, place.nameBytes)
    if (type === -1) return parent
    this.#onRemoved(place.path)
    if (isWay(type)) {
      removeTree(parent.fd, place.name)
      this.directories.forget()
      return this.parentOf(place)
    }
    unlinkat(parent.fd, place.nameBytes)
    return parent
  }

  /** Removes a name beside the entry's. What is not there is no error. */
  removeBeside(place: EntryPlace, name: LayerPath): void {
    const parent = this.parentOf(place)
    this.#onRemoved(layerPath(place.parent === '' ? name : `${place.parent}/${name}`))
    removeTree(parent.fd, name)
    this.directories.forget()
  }

  /** Remembers that this changeset put the name there. */
  noteOwn(parent: OpenDirectory, name: LayerPath): void {
    if (!this.#hasLowerContent) return
    const own = this.contents.of(parent.inode)
    if (own !== 'all') own.add(name)
  }

  [Symbol.dispose](): void {
    this.directories[Symbol.dispose]()
  }

  #makeMissing(path: LayerPath): OpenDirectory {
    const missing: LayerPath[] = []
    let above: OpenDirectory | number = ENOENT
    let existing: string = path
    while (typeof above === 'number') {
      const slash = existing.lastIndexOf('/')
      missing.push(layerPath(existing.slice(slash + 1)))
      existing = slash === -1 ? '' : existing.slice(0, slash)
      above = this.directories.find(layerPath(existing))
      if (typeof above === 'number' && above !== ENOENT) throw new ErrnoError('mkdir', undefined, above)
    }
    for (const name of missing.toReversed()) above = this.#makeDirectory(above, name)
    return above
  }

  #makeDirectory(parent: OpenDirectory, name: LayerPath): OpenDirectory {
    const path = layerPath(parent.path === '' ? name : `${parent.path}/${name}`)
    const { fd, status } = this.directories.make(parent, name)
    const directory = this.directories.keep(path, fd, status)
    if ((status.mode & 0o777) !== 0o755) fchmod(fd, (status.mode & 0o7000) | 0o755)
    this.noteOwn(parent, name)
    this.contents.claim(status.inode)
    const gid = this.#onMissingParent(fd, path)
    if (gid !== undefined) directory.gid = gid
    return directory
  }
}

/** Whether a path may lead over a file of this type. */
function isWay(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR || (mode & S_IFMT) === S_IFLNK
}
