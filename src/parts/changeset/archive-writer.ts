import { type TarHeader, endOfArchive, formatTarHeader } from '#formats/tar'
import { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, close, openat } from '#ground/sys'
import { type Cancellable, type IdMaps, type LayerPath, identity, layerPath } from '#model'
import { type ExportedFile, exportedHeader } from './exported-header.ts'
import { isDirectory, isWhiteout } from './file-type.ts'
import { TarChunks } from './tar-chunks.ts'
import { opaqueName } from './whiteout-name.ts'

export interface ExportOptions extends Cancellable {
  /** By which owners were mapped to the host: the archive has those of the container. */
  readonly idMaps?: IdMaps | undefined
  /** A file that is left out: a socket, an owner without a mapping, or one that cannot be read; then with the error. */
  readonly onSkip?: ((skipped: SkippedFile) => void) | undefined
}

export interface SkippedFile {
  /** As the archive would name it. */
  readonly path: LayerPath
  readonly reason: unknown
}

/** Writes files of a tree into an archive, one after the other. */
export class ArchiveWriter {
  readonly #chunks = new TarChunks()
  readonly #maps: IdMaps
  readonly #onSkip: (skipped: SkippedFile) => void
  /** The first name of files that have several. */
  readonly #linked = new Map<bigint, LayerPath>()

  constructor(options: ExportOptions) {
    this.#maps = options.idMaps ?? identity
    this.#onSkip = options.onSkip ?? (() => undefined)
  }

  /** Nothing is written of a file that cannot be opened. @throws Fault `size-mismatch` if it has been cut off meanwhile */
  *file(file: ExportedFile, whiteouts: 'as-they-are' | 'overlay' = 'as-they-are'): Generator<Uint8Array> {
    const header = this.#headerOf(file)
    if (header === undefined) return
    if (whiteouts === 'overlay' && isWhiteout(file.status)) {
      yield* this.header(whiteoutHeader(file.path, header))
    } else if (header.kind === 'file' && (header.size ?? 0) > 0) {
      yield* this.#withBody(file, header)
    } else {
      yield* this.header(header)
    }
    if (!isDirectory(file.status.mode) && file.status.links > 1 && !this.#linked.has(file.status.inode)) {
      this.#linked.set(file.status.inode, file.path)
    }
  }

  /** The file that makes a directory opaque: the directory's owner and mode, no time. */
  *opaqueMark(directory: ExportedFile): Generator<Uint8Array> {
    const header = this.#headerOf(directory)
    if (header === undefined) return
    const { mode, uid, gid } = header
    const path = layerPath(`${directory.path}/${opaqueName}`)
    yield* this.header({ kind: 'file', path, mode: mode & 0o777, uid, gid, mtime: { seconds: 0, nanoseconds: 0 } })
  }

  *header(header: TarHeader): Generator<Uint8Array> {
    yield* this.#chunks.put(formatTarHeader(header))
  }

  *end(): Generator<Uint8Array> {
    yield* this.#chunks.put(endOfArchive)
    yield* this.#chunks.end()
  }

  skip(path: LayerPath, reason: unknown): void {
    this.#onSkip({ path, reason })
  }

  #headerOf(file: ExportedFile): TarHeader | undefined {
    try {
      const header = exportedHeader(file, this.#maps)
      const first = isDirectory(file.status.mode) ? undefined : this.#linked.get(file.status.inode)
      return first === undefined ? header : { ...header, kind: 'hard-link', linkPath: first, size: 0 }
    } catch (error) {
      this.skip(file.path, error)
      return undefined
    }
  }

  *#withBody(file: ExportedFile, header: TarHeader): Generator<Uint8Array> {
    let fd: number
    try {
      fd = openat(file.directory, file.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    } catch (error) {
      this.skip(file.path, error)
      return
    }
    try {
      yield* this.header(header)
      yield* this.#chunks.body(fd, header.size ?? 0, file.path)
    } finally {
      close(fd)
    }
  }
}

/** The whiteout file for an overlay's whiteout device (spec/drivers §7.4). A link's target stays in the header, as in the original's. */
function whiteoutHeader(path: LayerPath, header: TarHeader): TarHeader {
  const slash = path.lastIndexOf('/') + 1
  const name = layerPath(`${path.slice(0, slash)}.wh.${path.slice(slash)}`)
  return { ...header, kind: 'file', path: name, mode: 0, size: 0 }
}
