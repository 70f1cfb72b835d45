import {
  type FileStatus,
  ErrnoError,
  O_NOFOLLOW,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  cStringOfLayerPath,
  close,
  errnoNumber,
  fstat,
  tryOpenat2,
} from '#ground/sys'
import { type LayerPath, layerPath } from '#model'
import { isDirectory, isWhiteout } from './file-type.ts'
import { openHostDirectory } from './open-top.ts'

const absent = new Set([errnoNumber('ENOENT'), errnoNumber('ENOTDIR'), errnoNumber('ELOOP')])

/** Which of the lower layers take part in a directory: by number, top first. */
export type Participants = readonly number[]

/**
 * The lower layers of an overlay: a layer takes part in a directory only if it has a directory there itself, and no layer above
 * it has a whiteout or another kind of file in its place. Opaque marks are not looked at, as the original does not look at them:
 * that would change only whether a change is called an `add` or a `modify`. No symlink is followed.
 */
export class LowerLayers implements Disposable {
  readonly #roots: number[] = []

  /** Top first. @throws Fault `system` */
  constructor(directories: readonly string[]) {
    try {
      for (const directory of directories) this.#roots.push(openHostDirectory(directory))
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  get all(): Participants {
    return this.#roots.map((_, index) => index)
  }

  /** What the layers show under this path, given those that take part in the directory it is in. */
  find(path: LayerPath, participants: Participants): FileStatus | undefined {
    for (const index of participants) {
      const status = this.#status(index, path)
      if (status !== undefined) return isWhiteout(status) ? undefined : status
    }
    return undefined
  }

  /** Those that take part in the directory of this path. */
  below(path: LayerPath, participants: Participants): Participants {
    const below: number[] = []
    for (const index of participants) {
      const status = this.#status(index, path)
      if (status === undefined) continue
      if (!isDirectory(status.mode)) break
      below.push(index)
    }
    return below
  }

  /** Whether any layer has something there that is not hidden by whiteouts. */
  shows(path: LayerPath): boolean {
    for (const index of this.all) {
      const status = this.#status(index, path)
      if (status !== undefined) return !isWhiteout(status)
      if (this.#endsAbove(index, path)) return false
    }
    return false
  }

  [Symbol.dispose](): void {
    for (const root of this.#roots) close(root)
    this.#roots.length = 0
  }

  /** Whether this layer has something else than a directory on the way, which hides what the layers below it have. */
  #endsAbove(index: number, path: LayerPath): boolean {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      const above = layerPath(path.slice(0, slash))
      const status = this.#status(index, above)
      if (status !== undefined) return !isDirectory(status.mode)
    }
    return false
  }

  #status(index: number, path: LayerPath): FileStatus | undefined {
    const name = cStringOfLayerPath(path)
    const fd = tryOpenat2(this.#roots[index] ?? -1, name, O_PATH | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
    if (fd < 0) {
      if (absent.has(-fd)) return undefined
      throw new ErrnoError('open', name, -fd)
    }
    try {
      return fstat(fd)
    } finally {
      close(fd)
    }
  }
}
