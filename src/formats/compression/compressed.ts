import { crc32 } from 'node:zlib'

import type { ByteStream } from '#ground/bytes'
import type { Cancellable } from '#model'

import { BlockCutter } from './block-cutter.ts'
import {
  type BlockFormat,
  blockFormats,
  type BlockPlace,
  levelOf,
  roomFor,
  type WritableCodec,
} from './block-format.ts'
import { CompressCrew, type CompressReply } from './compress-crew.ts'

export interface CompressOptions extends Cancellable {
  readonly codec: WritableCodec
  /** gzip 1 to 9, default 1; zstd 1 to 22, default 3 (docs/decisions/0011). */
  readonly level?: number
  /** Whose threads do the work; by default those that all streams share, one for each processor. */
  readonly crew?: CompressCrew
}

/**
 * The compressed bytes, made on several threads: the same for the same input, however it comes in pieces and however many
 * threads there are, and the same as `createDeflater` makes. A few MiB per thread are held. Leaving the loop early, a failing
 * source and an abort stop the work: when this generator has ended, no thread works for it any more.
 */
export async function* compressed(bytes: ByteStream, options: CompressOptions): ByteStream {
  await using line = new CompressLine(options)
  let [crc, total] = [0, 0]
  for await (const input of bytes) {
    options.signal?.throwIfAborted()
    crc = crc32(input, crc)
    total += input.byteLength
    for (let at = 0; at < input.byteLength;) {
      at += line.fill(input, at)
      while (line.isFull) yield await line.take()
      options.signal?.throwIfAborted()
    }
  }
  line.end()
  while (!line.isEmpty) {
    yield await line.take()
    options.signal?.throwIfAborted()
  }
  const trailer = line.format.trailer({ crc, bytes: total })
  if (trailer.byteLength > 0) yield trailer
}

let sharedCrew: CompressCrew | undefined

/** Blocks on their way through a crew: put in at one end, taken out compressed and in order at the other. */
class CompressLine implements AsyncDisposable {
  readonly format: BlockFormat
  readonly #codec: WritableCodec
  readonly #level: number
  readonly #crew: CompressCrew
  readonly #abandon = new AbortController()
  readonly #spare: Uint8Array<ArrayBuffer>[] = []
  readonly #cutter: BlockCutter
  readonly #queue: Promise<Uint8Array>[] = []
  #cuts = 0

  constructor({ codec, level, crew }: CompressOptions) {
    this.format = blockFormats[codec]
    this.#codec = codec
    this.#level = levelOf(codec, level)
    this.#crew = crew ?? (sharedCrew ??= new CompressCrew())
    this.#cutter = new BlockCutter(this.format, () => this.#spare.pop() ?? roomFor(this.format))
    const header = this.format.header(this.#level)
    if (header.byteLength > 0) this.#enqueue(Promise.resolve(header))
  }

  /** Enough is on its way to keep every thread busy: take something out first. */
  get isFull(): boolean {
    return this.#queue.length > 2 * this.#crew.size
  }

  get isEmpty(): boolean {
    return this.#queue.length === 0
  }

  fill(input: Uint8Array, offset: number): number {
    const length = this.#cutter.fill(input, offset)
    if (this.#cutter.isFull) this.#enqueue(this.#compressOnCrew('more-follow'))
    return length
  }

  /** Puts in what remains. A stream of one block is compressed here: starting threads for it would take longer. */
  end(): void {
    if (this.#cutter.isEmpty && this.#cuts > 0 && this.format.endsAnywhere) return
    this.#enqueue(this.#cuts === 0 ? Promise.resolve(this.#compressHere()) : this.#compressOnCrew('last'))
  }

  async take(): Promise<Uint8Array> {
    const piece = await this.#queue.shift()
    return piece ?? new Uint8Array(0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abandon.abort()
    await Promise.allSettled(this.#queue)
  }

  #enqueue(piece: Promise<Uint8Array>): void {
    this.#queue.push(piece)
    // A failure is told when the piece is taken out; until then it is not one that nobody looks after.
    void Promise.allSettled([piece])
  }

  async #compressOnCrew(place: BlockPlace): Promise<Uint8Array> {
    this.#cuts += 1
    const job = { ...this.#cutter.cut(), codec: this.#codec, level: this.#level, place }
    const reply: CompressReply = await this.#crew.compress(job, { signal: this.#abandon.signal })
    this.#spare.push(reply.buffer)
    return reply.compressed
  }

  #compressHere(): Uint8Array {
    const { buffer, bytes } = this.#cutter.cut()
    return this.format.compress(
      { dictionary: buffer.subarray(0, 0), bytes: buffer.subarray(0, bytes), place: 'last' },
      this.#level,
    )
  }
}
