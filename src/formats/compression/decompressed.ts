import type { ByteStream } from '#ground/bytes'
import type { Cancellable, Compression } from '#model'

import type { Decoder, DecoderLimits } from './decoder.ts'
import { detectCompression, detectionBytes } from './detect-compression.ts'
import { openDecoder } from './open-decoder.ts'

export interface DecompressOptions extends Cancellable {
  /** What the bytes are; without it their beginning tells (`detectCompression`), and what is unknown passes as it is. */
  readonly compression?: Compression
  readonly limits?: DecoderLimits
}

/**
 * The decompressed bytes, in pieces of at most 1 MiB that belong to the receiver. Works on the calling thread and holds one
 * piece at a time. Throws Fault `compression-invalid`; an aborted signal rejects with its reason.
 */
export async function* decompressed(bytes: ByteStream, options: DecompressOptions = {}): ByteStream {
  using scope = new DisposableStack()
  const open = (compression: Compression): Decoder =>
    scope.adopt(openDecoder(compression, options.limits), (decoder) => decoder.close())

  let decoder = options.compression === undefined ? undefined : open(options.compression)
  let beginning = new Uint8Array(0)
  for await (const input of bytes) {
    options.signal?.throwIfAborted()
    if (decoder === undefined) {
      beginning = Buffer.concat([beginning, input])
      if (beginning.byteLength < detectionBytes) continue
      decoder = open(detectCompression(beginning))
      decoder.feed(beginning)
    } else {
      decoder.feed(input)
    }
    yield* pieces(decoder, options)
  }
  if (decoder === undefined) {
    decoder = open(detectCompression(beginning))
    decoder.feed(beginning)
    yield* pieces(decoder, options)
  }
  decoder.finish()
  yield* pieces(decoder, options)
}

function* pieces(decoder: Decoder, { signal }: Cancellable): Iterable<Uint8Array> {
  for (let piece = decoder.read(); piece !== undefined; piece = decoder.read()) {
    signal?.throwIfAborted()
    yield new Uint8Array(piece)
  }
}
