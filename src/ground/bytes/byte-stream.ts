import type { Cancellable } from '#model'

/** Bytes that flow. Whoever iterates sets the pace; leaving the loop early closes the source. */
export type ByteStream = AsyncIterable<Uint8Array>

export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/** Bytes that can be asked for. A read returns exactly the range, or throws. */
export interface ByteSource {
  readonly size: number
  read(range: ByteRange, options?: Cancellable): Promise<Uint8Array>
}
