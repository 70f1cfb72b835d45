import {
  AT_FDCWD,
  Descriptor,
  ErrnoError,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  S_IFMT,
  S_IFREG,
  cStringOfLayerPath,
  errnoNumber,
  fstat,
  openat,
  tryOpenat2,
} from '#ground/sys'
import { Fault, layerPath, textOfLayerPath, type LayerPath } from '#model'
import type { DiffFiles } from './driver.ts'

const inRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS
const absent: ReadonlySet<number> = new Set(
  (['ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV', 'ENAMETOOLONG'] as const).map(errnoNumber),
)

/**
 * Regular files found by a tar's names in a row of directories: the first that has one gives it (spec/drivers §4.17). Every
 * directory is the root of its own names: a symlink planted in a layer leads to where it would lead inside of it.
 */
export class ConfinedFiles implements DiffFiles {
  readonly #directories: readonly string[]
  readonly #open: Descriptor[] = []

  /** @throws ErrnoError when the first directory is not there */
  constructor(directories: readonly string[]) {
    this.#directories = directories
    this.#root(0)
  }

  open(name: LayerPath): number {
    for (let index = 0; index < this.#directories.length; index++) {
      const file = openRegular(this.#root(index), name)
      if (file !== undefined) return file
    }
    throw new Fault({ code: 'file-unknown', path: textOfLayerPath(name) })
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const root of this.#open.splice(0)) root.close()
    return Promise.resolve()
  }

  // Most files are in the first directory: the others are opened when one is not.
  #root(index: number): number {
    for (const directory of this.#directories.slice(this.#open.length, index + 1)) {
      this.#open.push(new Descriptor(openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY)))
    }
    return this.#open[index]?.fd ?? -1
  }
}

/** The kernel takes no path of this length in one piece (PATH_MAX, with the NUL). */
const longest = 4095

/** What is there is looked at before it is opened for reading: opening a device or a fifo of a layer could do anything. */
function openRegular(root: number, name: LayerPath): number | undefined {
  const found = find(root, name)
  if (found === undefined) return undefined
  using file = found
  if ((fstat(file.fd).mode & S_IFMT) !== S_IFREG) return undefined
  return openat(AT_FDCWD, `/proc/self/fd/${file.fd}`, O_RDONLY)
}

function find(root: number, name: LayerPath, resolve = inRoot): Descriptor | undefined {
  if (name.length < longest)
    return descriptor(tryOpenat2(root, cStringOfLayerPath(name), O_PATH | O_NOFOLLOW, 0, resolve))
  const cut = name.lastIndexOf('/', longest - 1)
  if (cut <= 0) return undefined
  const beginning = find(root, layerPath(name.slice(0, cut)), resolve)
  if (beginning === undefined) return undefined
  using above = beginning
  // Where `..` and symlinks would lead from here only a walk from the root could tell: at such depths they are not followed.
  return find(above.fd, layerPath(name.slice(cut + 1)), RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
}

function descriptor(result: number): Descriptor | undefined {
  if (result >= 0) return new Descriptor(result)
  if (absent.has(-result)) return undefined
  throw new ErrnoError('openat2', undefined, -result)
}
