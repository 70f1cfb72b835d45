import { cStringOfLayerPath, fstatat } from '#ground/sys'
import { type LayerPath, layerPath } from '#model'
import { ArchiveWriter, type ExportOptions } from './archive-writer.ts'
import { DirectoryStack } from './directory-stack.ts'
import { isDirectory } from './file-type.ts'
import { LowerLayers } from './lower-layers.ts'
import { type OverlayXattrs, isOpaque } from './opaque-mark.ts'
import { openHostDirectory } from './open-top.ts'
import { Turns } from './turns.ts'

export interface ExportTreeOptions extends ExportOptions {
  /** The tree is an overlay's upper directory: its whiteouts and opaque marks become files named `.wh.…`. */
  readonly overlay?:
    | {
        /** The layers below, top first: an opaque mark is told only where it hides something. */
        readonly lowers: readonly string[]
        readonly xattrs?: OverlayXattrs | undefined
      }
    | undefined
}

/**
 * An uncompressed tar of what is in a directory, byte for byte as the original writes it (spec/drivers §7.2–7.5), in the order of
 * names. The memory it takes does not grow with the files. What is left out is told to `onSkip`.
 * @throws Fault `system` if the directory cannot be read, `size-mismatch` if a file becomes shorter meanwhile
 */
export async function* exportTree(directory: string, options: ExportTreeOptions = {}): AsyncGenerator<Uint8Array> {
  const turns = new Turns(options)
  using tree = new TreeExport(directory, options)
  using chunks = tree.chunks()
  for (const chunk of chunks) {
    if (chunk !== undefined) yield chunk
    await turns.over()
  }
}

class TreeExport implements Disposable {
  readonly #stack = new DirectoryStack('by-name')
  readonly #writer: ArchiveWriter
  readonly #lowers: LowerLayers | undefined
  readonly #overlay: ExportTreeOptions['overlay']

  constructor(directory: string, options: ExportTreeOptions) {
    this.#overlay = options.overlay
    this.#writer = new ArchiveWriter(options)
    this.#lowers = options.overlay && new LowerLayers(options.overlay.lowers)
    try {
      this.#stack.push(layerPath(''), openHostDirectory(directory))
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  /** Chunks of the archive, and nothing now and then. */
  *chunks(): Generator<Uint8Array | undefined> {
    for (let frame = this.#stack.top; frame !== undefined; frame = this.#stack.top) {
      const name = frame.names.pop()
      if (name === undefined) this.#stack.leave()
      else yield* this.#entry(frame.fd, name)
      yield undefined
    }
    yield* this.#writer.end()
  }

  [Symbol.dispose](): void {
    this.#stack[Symbol.dispose]()
    this.#lowers?.[Symbol.dispose]()
  }

  *#entry(directory: number, layerName: LayerPath): Generator<Uint8Array> {
    const path = this.#stack.pathTo(layerName)
    const name = cStringOfLayerPath(layerName)
    const status = this.#attempt(path, () => fstatat(directory, name))
    if (status === undefined) return
    const file = { directory, name, status, path }
    yield* this.#writer.file(file, this.#overlay === undefined ? 'as-they-are' : 'overlay')
    if (!isDirectory(status.mode)) return
    const entered = this.#attempt(path, () => this.#stack.enter(directory, layerName))
    if (entered !== undefined && this.#hidesSomething(entered.fd, path)) yield* this.#writer.opaqueMark(file)
  }

  #hidesSomething(fd: number, path: LayerPath): boolean {
    if (this.#overlay === undefined || this.#lowers === undefined) return false
    return isOpaque(fd, this.#overlay.xattrs) && this.#lowers.shows(path)
  }

  #attempt<T>(path: LayerPath, attempt: () => T): T | undefined {
    try {
      return attempt()
    } catch (error) {
      this.#writer.skip(path, error)
      return undefined
    }
  }
}
