import { crc32 } from 'node:zlib'

import { BlockCutter } from './block-cutter.ts'
import {
  type BlockFormat,
  blockFormats,
  type BlockPlace,
  levelOf,
  roomFor,
  type WritableCodec,
} from './block-format.ts'
import type { Emit } from './inflater.ts'

/** A compressor without promises, for the threads where the work is done. */
export interface Deflater {
  /** Takes input; hands out what is compressed whenever a block is full. Pieces are views that are valid only during the call. */
  push(input: Uint8Array, emit: Emit): void
  /** The input is over: hands out the rest. */
  end(emit: Emit): void
}

/** The bytes are those that `compressed` makes, however the input is cut. Throws Fault `option-invalid` for a level that is none. */
export function createDeflater(codec: WritableCodec, options: { readonly level?: number } = {}): Deflater {
  return new BlockDeflater(blockFormats[codec], levelOf(codec, options.level))
}

class BlockDeflater implements Deflater {
  readonly #format: BlockFormat
  readonly #level: number
  readonly #cutter: BlockCutter
  #crc = 0
  #bytes = 0
  #begun = false

  constructor(format: BlockFormat, level: number) {
    this.#format = format
    this.#level = level
    this.#cutter = new BlockCutter(format, twoBuffersInTurns(format))
  }

  push(input: Uint8Array, emit: Emit): void {
    this.#crc = crc32(input, this.#crc)
    this.#bytes += input.byteLength
    for (let at = 0; at < input.byteLength;) {
      at += this.#cutter.fill(input, at)
      if (this.#cutter.isFull) this.#compress('more-follow', emit)
    }
  }

  end(emit: Emit): void {
    const isOver = this.#begun && this.#cutter.isEmpty && this.#format.endsAnywhere
    if (!isOver) this.#compress('last', emit)
    emitUnlessEmpty(this.#format.trailer({ crc: this.#crc, bytes: this.#bytes }), emit)
  }

  #compress(place: BlockPlace, emit: Emit): void {
    if (!this.#begun) emitUnlessEmpty(this.#format.header(this.#level), emit)
    this.#begun = true
    const { buffer, dictionaryBytes, bytes } = this.#cutter.cut()
    const block = {
      dictionary: buffer.subarray(0, dictionaryBytes),
      bytes: buffer.subarray(dictionaryBytes, dictionaryBytes + bytes),
      place,
    }
    emitUnlessEmpty(this.#format.compress(block, this.#level), emit)
  }
}

function emitUnlessEmpty(bytes: Uint8Array, emit: Emit): void {
  if (bytes.byteLength > 0) emit(bytes)
}

function twoBuffersInTurns(format: BlockFormat): () => Uint8Array<ArrayBuffer> {
  let [next, other] = [roomFor(format), roomFor(format)]
  return () => {
    ;[next, other] = [other, next]
    return other
  }
}
