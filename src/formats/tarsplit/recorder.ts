import type { TarEntry, TarSink } from '#formats/tar'
import { Crc64 } from './crc64.ts'
import { fileLine, segmentLine } from './record-text.ts'
import { RecordedNames } from './recorded-names.ts'

/** Pieces in which bytes after the archive's end are recorded. */
const trailerPiece = 1024 * 1024
const outputRoom = 128 * 1024

/**
 * Listens to a tar and writes its tar-split: JSON lines, byte for byte as the Go encoder writes them (spec/drivers §11.1–11.3).
 * The output is not compressed; a buffer given to `output` belongs to its receiver.
 *
 * Throws Fault `tar-split-invalid` if a path comes twice: such a layer cannot be recorded.
 */
export class TarSplitRecorder implements TarSink {
  readonly #output: (bytes: Buffer) => void
  readonly #names = new RecordedNames()
  readonly #crc = new Crc64()
  #segment: Buffer = Buffer.allocUnsafe(4096)
  #segmentLength = 0
  #entry: TarEntry | undefined
  #trailing = false
  #position = 0
  #lines: Buffer = Buffer.allocUnsafe(outputRoom)
  #linesLength = 0

  constructor(output: (bytes: Buffer) => void) {
    this.#output = output
  }

  structure(bytes: Uint8Array): void {
    if (!this.#trailing) return this.#append(bytes)
    for (let at = 0; at < bytes.byteLength;) {
      const length = Math.min(bytes.byteLength - at, trailerPiece - this.#segmentLength)
      this.#append(bytes.subarray(at, at + length))
      at += length
      if (this.#segmentLength === trailerPiece) this.#writeSegment()
    }
  }

  entry(entry: TarEntry): void {
    this.#writeSegment()
    this.#names.add(entry.path)
    this.#entry = entry
  }

  body(bytes: Uint8Array): void {
    this.#crc.update(bytes)
  }

  entryEnd(): void {
    if (this.#entry === undefined) return
    const { path, size } = this.#entry
    // A link that declares a size gets the sum of no bytes: that is what the original records.
    this.#write(fileLine(path, size, size > 0 ? this.#crc.digest() : undefined, this.#position++))
    if (size > 0) this.#crc.reset()
    this.#entry = undefined
  }

  archiveEnd(): void {
    this.#writeSegment()
    this.#trailing = true
  }

  end(): void {
    this.#writeSegment()
    this.#flush()
  }

  #append(bytes: Uint8Array): void {
    const needed = this.#segmentLength + bytes.byteLength
    if (needed > this.#segment.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#segment.length))
      this.#segment.copy(larger, 0, 0, this.#segmentLength)
      this.#segment = larger
    }
    this.#segment.set(bytes, this.#segmentLength)
    this.#segmentLength = needed
  }

  #writeSegment(): void {
    if (this.#segmentLength === 0) return
    this.#write(segmentLine(this.#segment.subarray(0, this.#segmentLength), this.#position++))
    this.#segmentLength = 0
  }

  #write(line: string): void {
    if (this.#linesLength + line.length > this.#lines.length) {
      this.#flush()
      if (line.length > this.#lines.length) return this.#output(Buffer.from(line, 'latin1'))
    }
    this.#linesLength += this.#lines.write(line, this.#linesLength, 'latin1')
  }

  #flush(): void {
    if (this.#linesLength === 0) return
    this.#output(this.#lines.subarray(0, this.#linesLength))
    this.#lines = Buffer.allocUnsafe(outputRoom)
    this.#linesLength = 0
  }
}
