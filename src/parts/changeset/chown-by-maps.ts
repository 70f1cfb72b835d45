import {
  AT_SYMLINK_NOFOLLOW,
  type FileStatus,
  S_IFLNK,
  S_IFMT,
  cStringOfLayerPath,
  fchmodat,
  fchownat,
  fstatat,
  isErrno,
  lgetxattr,
  linkat,
  lsetxattr,
  pathBelow,
  unlinkat,
} from '#ground/sys'
import { type Cancellable, type LayerPath, layerPath } from '#model'
import { DirectoryStack } from './directory-stack.ts'
import { entryPlace } from './entry-place.ts'
import { isDirectory } from './file-type.ts'
import { located } from './located.ts'
import { OpenDirectories } from './open-directories.ts'
import { openHostDirectory } from './open-top.ts'
import type { Owner } from './ownership.ts'
import { type Remapping, remappedOwner } from './remapped-owner.ts'
import { Turns } from './turns.ts'

/**
 * Gives every file below a directory the owner that it has under other maps (spec/drivers §2.3); the directory itself stays. All
 * names of a file lead to one file again, also where the file system copies it up to change it. After a crash some files have
 * their new owner and some do not. @throws Fault `id-unmapped` for an owner that the old maps do not know, `system`
 */
export async function chownByMaps(directory: string, maps: Remapping, options: Cancellable = {}): Promise<void> {
  const turns = new Turns(options)
  using stack = new DirectoryStack()
  stack.push(layerPath(''), openHostDirectory(directory))
  using linked = new LinkedFiles(directory)
  for (let frame = stack.top; frame !== undefined; frame = stack.top) {
    const name = frame.names.pop()
    if (name === undefined) {
      stack.leave()
      continue
    }
    try {
      visit(stack, frame.fd, name, maps, linked)
    } catch (error) {
      throw located(error, stack.pathTo(name))
    }
    await turns.over()
  }
}

function visit(stack: DirectoryStack, directory: number, name: LayerPath, maps: Remapping, linked: LinkedFiles): void {
  const bytes = cStringOfLayerPath(name)
  const status = fstatat(directory, bytes)
  if (isDirectory(status.mode)) stack.enter(directory, name)
  // What the first of its names leads to has its new owner by now: mapping it once more would be wrong.
  else if (status.links > 1 && linked.join(stack.pathTo(name), status, directory, bytes)) return
  const owner = remappedOwner(status, maps)
  if (owner.uid !== status.uid || owner.gid !== status.gid) give(directory, bytes, status, owner)
}

/** The kernel takes setuid bits and capabilities away when the owner changes: they are given back. */
function give(directory: number, name: Uint8Array, status: FileStatus, owner: Owner): void {
  const path = pathBelow(directory, name)
  const capability = capabilityOf(path)
  fchownat(directory, name, owner.uid, owner.gid)
  if ((status.mode & S_IFMT) === S_IFLNK) return
  if ((status.mode & 0o6000) !== 0) fchmodat(directory, name, status.mode & 0o7777, AT_SYMLINK_NOFOLLOW)
  if (capability !== undefined) lsetxattr(path, 'security.capability', capability)
}

function capabilityOf(path: Uint8Array): Buffer | undefined {
  try {
    return lgetxattr(path, 'security.capability')
  } catch (error) {
    if (isErrno(error, 'EOPNOTSUPP', 'EOVERFLOW')) return undefined
    throw error
  }
}

/** Files with several names, by the first that was met. */
class LinkedFiles implements Disposable {
  readonly #directories: OpenDirectories
  readonly #first = new Map<string, LayerPath>()

  constructor(directory: string) {
    this.#directories = new OpenDirectories(openHostDirectory(directory))
  }

  /** Makes this name lead to where the first name of the file leads. False if this is the first. */
  join(path: LayerPath, status: FileStatus, directory: number, name: Uint8Array): boolean {
    const key = `${status.device}:${status.inode}`
    const first = this.#first.get(key)
    if (first === undefined) {
      this.#first.set(key, path)
      return false
    }
    const place = entryPlace(first)
    const source = this.#directories.get(place.parent).fd
    unlinkat(directory, name)
    linkat(source, place.nameBytes, directory, name)
    return true
  }

  [Symbol.dispose](): void {
    this.#directories[Symbol.dispose]()
  }
}
