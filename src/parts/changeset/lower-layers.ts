import {
  type FileStatus,
  ErrnoError,
  O_NOFOLLOW,
  O_PATH,
  O_DIRECTORY,
  O_RDONLY,
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
import { type OverlayXattrs, isOpaque } from './opaque-mark.ts'

const absent = new Set([errnoNumber('ENOENT'), errnoNumber('ENOTDIR'), errnoNumber('ELOOP')])

/** Which of the lower layers take part in a directory: by number, top first. */
export type Participants = readonly number[]

/**
 * The lower layers of an overlay as the kernel merges them: a layer takes part in a directory only if it has a directory there
 * itself, and nothing above it hides it by a whiteout, an opaque mark or another kind of file. No symlink is followed.
 */
export class LowerLayers implements Disposable {
  readonly #roots: number[] = []
  readonly #xattrs: OverlayXattrs | undefined

  /** Top first. @throws Fault `system` */
  constructor(directories: readonly string[], xattrs: OverlayXattrs | undefined) {
    this.#xattrs = xattrs
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
      const status = this.#withFile(index, path, O_PATH | O_NOFOLLOW, fstat)
      if (status !== undefined) return isWhiteout(status) ? undefined : status
    }
    return undefined
  }

  /** Those that take part in the directory of this path. */
  below(path: LayerPath, participants: Participants): Participants {
    const below: number[] = []
    for (const index of participants) {
      const status = this.#withFile(index, path, O_PATH | O_NOFOLLOW, fstat)
      if (status === undefined) continue
      if (!isDirectory(status.mode)) break
      below.push(index)
      if (this.#withFile(index, path, O_RDONLY | O_DIRECTORY, (fd) => isOpaque(fd, this.#xattrs)) === true) break
    }
    return below
  }

  /** Whether any layer has something there that is not hidden by whiteouts. Opaque marks are not looked at, as by the original. */
  shows(path: LayerPath): boolean {
    for (const index of this.all) {
      const status = this.#withFile(index, path, O_PATH | O_NOFOLLOW, fstat)
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
      const status = this.#withFile(index, above, O_PATH | O_NOFOLLOW, fstat)
      if (status !== undefined) return !isDirectory(status.mode)
    }
    return false
  }

  #withFile<T>(index: number, path: LayerPath, flags: number, ask: (fd: number) => T): T | undefined {
    const name = cStringOfLayerPath(path)
    const fd = tryOpenat2(this.#roots[index] ?? -1, name, flags, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
    if (fd < 0) {
      if (absent.has(-fd)) return undefined
      throw new ErrnoError('open', name, -fd)
    }
    try {
      return ask(fd)
    } finally {
      close(fd)
    }
  }
}
