import type { LayerPath } from '#model'
import { BodyCheck } from './body-check.ts'
import { TarSplitReader } from './reader.ts'
import type { TarSplitFile } from './record.ts'

/** A file opened for its bytes. `read` fills the front of the buffer and returns how much; 0 is the end. */
export interface OpenBody {
  read(into: Uint8Array): number
  close(): void
}

const copyRoom = 256 * 1024

/**
 * Plays a tar-split back, bit for bit: its segments as recorded, the bodies from files. Synchronous, for a working thread:
 * JSON is pushed in, the tar comes out through `write` (a view, valid during the call).
 *
 * Every body is compared with its recorded size and CRC-64: Fault `content-modified`. By then its bytes have been written:
 * what came out counts only if `end` returns.
 */
export class TarSplitPlayer {
  readonly #openBody: (path: LayerPath) => OpenBody
  readonly #write: (bytes: Uint8Array) => void
  readonly #reader: TarSplitReader
  readonly #check = new BodyCheck()
  #room: Buffer | undefined

  constructor(openBody: (path: LayerPath) => OpenBody, write: (bytes: Uint8Array) => void) {
    this.#openBody = openBody
    this.#write = write
    this.#reader = new TarSplitReader((record) => {
      if (record.kind === 'file') return this.#play(record)
      this.#check.segment(record)
      if (record.bytes.byteLength > 0) this.#write(record.bytes)
    })
  }

  push(lines: Uint8Array): void {
    this.#reader.push(lines)
  }

  end(): void {
    this.#reader.end()
  }

  #play(file: TarSplitFile): void {
    if (!this.#check.begin(file)) return
    const body = this.#openBody(file.path)
    try {
      this.#copy(body)
    } finally {
      body.close()
    }
    this.#check.end()
  }

  /** Asks for one byte more than is missing, so that a file that has grown is noticed without another call. */
  #copy(body: OpenBody): void {
    const room = (this.#room ??= Buffer.allocUnsafe(copyRoom))
    for (;;) {
      const length = body.read(room.subarray(0, Math.min(room.length, this.#check.left + 1)))
      if (length === 0) return
      const bytes = room.subarray(0, length)
      this.#check.take(bytes)
      this.#write(bytes)
      if (this.#check.left === 0 && length < room.length) return
    }
  }
}
