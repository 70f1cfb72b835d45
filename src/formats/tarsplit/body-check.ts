import { Fault, textOfLayerPath } from '#model'
import { Crc64 } from './crc64.ts'
import type { TarSplitFile, TarSplitSegment } from './record.ts'

const headerSize = 512
const typeflagAt = 156
const noSum = Buffer.alloc(8)

/** Says which records have a body, and holds each body against what was recorded of it. */
export class BodyCheck {
  readonly #crc = new Crc64()
  #typeflag = 0
  #left = 0
  #file: TarSplitFile | undefined

  /** A segment ends with the header that the next file record stands for. */
  segment({ bytes }: TarSplitSegment): void {
    this.#typeflag = bytes[bytes.byteLength - headerSize + typeflagAt] ?? 0
  }

  /** Whether bytes follow. A link may declare a size, and has no body all the same: its recorded sum is that of no bytes. */
  begin(file: TarSplitFile): boolean {
    this.#crc.reset()
    this.#file = file
    this.#left = file.size
    const isBodiless = this.#typeflag >= 0x31 && this.#typeflag <= 0x36 && noSum.equals(file.crc)
    return file.size > 0 && !isBodiless
  }

  /** Bytes that are missing. */
  get left(): number {
    return this.#left
  }

  /** Throws Fault `content-modified` if there are more bytes than were recorded. */
  take(bytes: Uint8Array): void {
    this.#left -= bytes.byteLength
    if (this.#left < 0) throw this.#modified()
    this.#crc.update(bytes)
  }

  /** Throws Fault `content-modified` if these were not the bytes that were recorded. */
  end(): void {
    const expected = this.#file?.crc ?? noSum
    if (this.#left !== 0 || !this.#crc.digest().equals(expected)) throw this.#modified()
  }

  #modified(): Fault {
    const path = this.#file?.path
    return new Fault({ code: 'content-modified', path: path === undefined ? '' : textOfLayerPath(path) })
  }
}
