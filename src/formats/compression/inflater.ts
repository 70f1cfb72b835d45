import type { Compression } from '#model'

import type { Decoder, DecoderLimits } from './decoder.ts'
import { openDecoder } from './open-decoder.ts'

/** Receives a piece of at most 1 MiB. It is a view that is valid only during the call; throwing stops the work. */
export type Emit = (bytes: Uint8Array) => void

/** A decompressor without promises, for the threads where the work is done. */
export interface Inflater extends Disposable {
  /** Decompresses all of `input`, handing out pieces as they come. Throws Fault `compression-invalid`; after any throw only disposing is left. */
  push(input: Uint8Array, emit: Emit): void
  /** The input is over. Throws Fault `compression-invalid` (`unexpected EOF`) when it stopped half-way. */
  end(emit: Emit): void
}

/**
 * A decompressor for one blob. Memory is bounded by the window, whatever the input declares, and output comes in pieces of at
 * most 1 MiB, so that a caller with a limit can stop a bomb by throwing in `emit`. Concatenated members, frames and streams
 * are one output; checksums are verified; what follows the end is an error, except for padding where the format has it.
 */
export function createInflater(compression: Compression, limits: DecoderLimits = {}): Inflater {
  return new DecodingInflater(openDecoder(compression, limits))
}

class DecodingInflater implements Inflater {
  readonly #decoder: Decoder

  constructor(decoder: Decoder) {
    this.#decoder = decoder
  }

  push(input: Uint8Array, emit: Emit): void {
    this.#decoder.feed(input)
    this.#drain(emit)
  }

  end(emit: Emit): void {
    this.#decoder.finish()
    this.#drain(emit)
    this.#decoder.close()
  }

  [Symbol.dispose](): void {
    this.#decoder.close()
  }

  #drain(emit: Emit): void {
    for (let piece = this.#decoder.read(); piece !== undefined; piece = this.#decoder.read()) emit(piece)
  }
}
