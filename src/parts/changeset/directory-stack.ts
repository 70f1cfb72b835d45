import {
  ErrnoError,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  cString,
  cStringOfLayerPath,
  close,
  errnoNumber,
  fstat,
  openat,
} from '#ground/sys'
import { type LayerPath, layerPath } from '#model'
import { entriesOf, lastToFirst } from './entries-of.ts'

export interface StackedDirectory {
  /** In the directory above; empty for the lowest one. */
  readonly name: LayerPath
  readonly inode: bigint
  readonly device: number
  /** Entries that have not been taken yet: `pop` takes the next one. */
  readonly names: LayerPath[]
  /** -1 while it is closed because the walk is far below. */
  fd: number
}

const up = cString('..')
/** More than any honest tree is deep, and far fewer than a process may have open. */
const mostOpen = 256

/**
 * The way down into a tree, as descriptors: a walk that recursion would make, for trees of any depth. No symlink is entered.
 * Descriptors of directories far above are closed and found again by `..`, which has to lead to the very same directory.
 */
export class DirectoryStack implements Disposable {
  readonly #frames: StackedDirectory[] = []
  readonly #order: 'any' | 'by-name'

  /** `by-name`: names are taken in the order of their bytes. */
  constructor(order: 'any' | 'by-name' = 'any') {
    this.#order = order
  }

  get top(): StackedDirectory | undefined {
    return this.#frames.at(-1)
  }

  get depth(): number {
    return this.#frames.length
  }

  /** Where the top is, below the lowest directory; with a name of the top, where that is. */
  pathTo(name?: LayerPath): LayerPath {
    const parts = this.#frames.slice(1).map((frame) => frame.name)
    if (name !== undefined) parts.push(name)
    return layerPath(parts.join('/'))
  }

  /** Enters a directory of the one on top, or `fd`'s own when nothing is stacked yet. @throws ErrnoError; `ENOTDIR` for a symlink */
  enter(dirfd: number, name: LayerPath): StackedDirectory {
    const fd = openat(dirfd, cStringOfLayerPath(name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    try {
      return this.push(name, fd)
    } catch (error) {
      close(fd)
      throw error
    }
  }

  /** Stacks a directory that is open already; its descriptor is closed when it is left. @throws ErrnoError */
  push(name: LayerPath, fd: number, names: readonly LayerPath[] = entriesOf(fd)): StackedDirectory {
    const { inode, device } = fstat(fd)
    const frame = { name, inode, device, names: this.#order === 'any' ? [...names] : lastToFirst(names), fd }
    this.#frames.push(frame)
    const far = this.#frames.at(-1 - mostOpen)
    if (far !== undefined && far.fd !== -1) {
      close(far.fd)
      far.fd = -1
    }
    return frame
  }

  /** Leaves the directory on top; afterwards the one above is open again. @throws ErrnoError `ESTALE` when the tree was moved meanwhile */
  leave(): void {
    const left = this.#frames.pop()
    if (left === undefined) return
    const above = this.top
    try {
      if (above !== undefined && above.fd === -1) above.fd = reopened(left.fd, above)
    } finally {
      close(left.fd)
    }
  }

  [Symbol.dispose](): void {
    for (const frame of this.#frames) if (frame.fd !== -1) close(frame.fd)
    this.#frames.length = 0
  }
}

function reopened(fd: number, expected: StackedDirectory): number {
  const above = openat(fd, up, O_RDONLY | O_DIRECTORY)
  const { inode, device } = fstat(above)
  if (inode === expected.inode && device === expected.device) return above
  close(above)
  throw new ErrnoError('open', '..', errnoNumber('ESTALE'))
}
