import { constants, createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib'

import { pieceBytes } from './decoder.ts'
import type { EngineKind, EngineOptions } from './inflate-engine.ts'
import type { StreamEngineReply, StreamEngineRequest } from './threaded-engine.ts'

/** Node's decompression stream, asked for its output piece by piece. */
export class StreamEngine {
  readonly #kind: EngineKind
  readonly #options: EngineOptions
  #stream: Gunzip | ZstdDecompress
  #fed = 0
  /** Whether all that was fed has been worked on. */
  #isDry = true
  #hasEnded = false
  #failure: string | undefined
  #changed = Promise.withResolvers<void>()

  constructor(kind: EngineKind, options: EngineOptions) {
    this.#kind = kind
    this.#options = options
    this.#stream = this.#open()
  }

  /** Never rejects: what goes wrong is an answer too. */
  async answer(request: StreamEngineRequest): Promise<StreamEngineReply> {
    if (request.kind === 'finish') return await this.#finish()
    if (request.input !== undefined) this.#feed(request.input)
    return await this.#read()
  }

  #open(): Gunzip | ZstdDecompress {
    const stream =
      this.#kind === 'gzip'
        ? createGunzip({ chunkSize: pieceBytes })
        : createZstdDecompress({
            chunkSize: pieceBytes,
            params: { [constants.ZSTD_d_windowLogMax]: this.#options.windowLog },
          })
    stream.on('readable', () => this.#wake())
    stream.on('end', () => {
      this.#hasEnded = true
      this.#wake()
    })
    stream.on('error', (error) => {
      this.#failure = error.message
      this.#wake()
    })
    return stream
  }

  #feed(input: Uint8Array): void {
    this.#fed += input.byteLength
    this.#isDry = false
    this.#stream.write(input, () => {
      this.#isDry = true
      this.#wake()
    })
  }

  async #read(): Promise<StreamEngineReply> {
    for (;;) {
      if (this.#failure !== undefined) return { kind: 'failed', reason: this.#failure }
      const bytes = this.#take()
      if (bytes !== null) return { kind: 'piece', bytes: new Uint8Array(bytes) }
      if (this.#hasEnded) return { kind: 'hungry', unread: this.#fed - this.#stream.bytesWritten }
      if (this.#isDry) return { kind: 'hungry', unread: 0 }
      await this.#change()
    }
  }

  async #finish(): Promise<StreamEngineReply> {
    this.#stream.end()
    while (!this.#hasEnded && this.#failure === undefined) {
      if (this.#take() === null) await this.#change()
      else this.#failure = 'output behind the end'
    }
    if (this.#failure !== undefined) return { kind: 'failed', reason: this.#failure }
    this.#stream = this.#open()
    this.#fed = 0
    this.#isDry = true
    this.#hasEnded = false
    return { kind: 'finished' }
  }

  #take(): Uint8Array | null {
    const bytes: Uint8Array | null = this.#stream.read(Math.min(this.#stream.readableLength, pieceBytes))
    return bytes
  }

  async #change(): Promise<void> {
    await this.#changed.promise
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
