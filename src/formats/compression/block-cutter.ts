import type { BlockFormat } from './block-format.ts'

/** A block where it was collected: the dictionary first, the block's own bytes right behind it. */
export interface CutBlock {
  readonly buffer: Uint8Array<ArrayBuffer>
  readonly dictionaryBytes: number
  readonly bytes: number
}

/** Cuts input into blocks of one size, however the input was cut before. */
export class BlockCutter {
  readonly #format: BlockFormat
  readonly #takeBuffer: () => Uint8Array<ArrayBuffer>
  #buffer: Uint8Array<ArrayBuffer>
  #dictionaryBytes = 0
  #bytes = 0

  /** `takeBuffer` gives room for a dictionary and a block. It may give a buffer again once the block cut from it is done with. */
  constructor(format: BlockFormat, takeBuffer: () => Uint8Array<ArrayBuffer>) {
    this.#format = format
    this.#takeBuffer = takeBuffer
    this.#buffer = takeBuffer()
  }

  /** Takes as much of `input` from `offset` on as the block has room for; returns how much. */
  fill(input: Uint8Array, offset: number): number {
    const length = Math.min(input.byteLength - offset, this.#format.blockBytes - this.#bytes)
    this.#buffer.set(input.subarray(offset, offset + length), this.#dictionaryBytes + this.#bytes)
    this.#bytes += length
    return length
  }

  get isFull(): boolean {
    return this.#bytes === this.#format.blockBytes
  }

  get isEmpty(): boolean {
    return this.#bytes === 0
  }

  /** The block collected so far; the next one begins behind it. */
  cut(): CutBlock {
    const block = { buffer: this.#buffer, dictionaryBytes: this.#dictionaryBytes, bytes: this.#bytes }
    const end = block.dictionaryBytes + block.bytes
    const next = this.#takeBuffer()
    this.#dictionaryBytes = Math.min(end, this.#format.dictionaryBytes)
    next.set(block.buffer.subarray(end - this.#dictionaryBytes, end))
    this.#buffer = next
    this.#bytes = 0
    return block
  }
}
