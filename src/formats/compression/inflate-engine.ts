/** One zlib or zstd decompression context, driven synchronously. Knows nothing of frames and members: its callers do. */
export interface InflateEngine {
  /** Takes input; allowed only when `read` has returned undefined. */
  feed(input: Uint8Array): void
  /** Output made of the input so far, in a buffer that the next call reuses. Undefined: more input, or the end was met. */
  read(): Uint8Array | undefined
  /** Bytes of the last input that were left over because the compressed data ended before them. */
  readonly unread: number
  /** Throws unless the compressed data ended where the input did. After a zstd frame the next one may be fed. */
  finish(): void
  close(): void
}

/** What the engine said of the input, before it is put into the words of a codec. */
export class EngineError extends Error {
  readonly reason: string
  constructor(reason: string) {
    super(reason)
    this.name = 'EngineError'
    this.reason = reason
  }
}

export type EngineKind = 'gzip' | 'zstd'

export interface EngineOptions {
  /** Only for zstd: log2 of the largest window. */
  readonly windowLog: number
}

/** zlib's and Node's own word for input that stopped half-way. */
export const unexpectedEnd = 'unexpected end of file'
