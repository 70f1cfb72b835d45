/** No decoder hands out more than this at once, however small its input was: the caller can stop a bomb between two pieces. */
export const pieceBytes = 1 << 20

/** What Go's zstd reader allows. */
export const defaultWindowBytes = 512 * 2 ** 20

/**
 * Decompression as a pump: `feed` input, `read` until there is nothing more, `feed` again; at the end of input `finish`,
 * and `read` once more. Synchronous. What is wrong with the input is Fault `compression-invalid`; after one the decoder is spent.
 */
export interface Decoder {
  /** Takes input; allowed only when `read` has returned undefined. The bytes must not change before it does so again. */
  feed(input: Uint8Array): void
  /** The next piece of output, at most `pieceBytes`, valid until the next call; undefined when it needs more input. */
  read(): Uint8Array | undefined
  /** No input follows. Throws if the input stopped half-way; pieces that are still to be read are handed out by `read`. */
  finish(): void
  /** Gives back native memory. May be called at any time, more than once. */
  close(): void
}

export interface DecoderLimits {
  /** The largest window or dictionary that a zstd or xz blob may ask for, in bytes. Default 512 MiB, as in Go's zstd reader. */
  readonly windowBytes?: number
}
