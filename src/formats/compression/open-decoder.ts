import type { Compression } from '#model'

import { Bzip2Decoder } from './bzip2-decoder.ts'
import { type Decoder, type DecoderLimits, defaultWindowBytes } from './decoder.ts'
import { openDirectEngine } from './direct-engine.ts'
import { GzipDecoder } from './gzip-decoder.ts'
import type { EngineKind, EngineOptions, InflateEngine } from './inflate-engine.ts'
import { PlainDecoder } from './plain-decoder.ts'
import { ThreadedEngine } from './threaded-engine.ts'
import { XzDecoder } from './xz-decoder.ts'
import { ZstdDecoder } from './zstd-decoder.ts'

/** The decoder of a codec, to be pulled from. `createInflater` is the same, pushing. */
export function openDecoder(compression: Compression, limits: DecoderLimits = {}): Decoder {
  const windowBytes = limits.windowBytes ?? defaultWindowBytes
  switch (compression) {
    case 'uncompressed':
      return new PlainDecoder()
    case 'gzip':
      return new GzipDecoder(openEngine('gzip', { windowLog: 15 }))
    case 'zstd':
      return new ZstdDecoder(openEngine('zstd', { windowLog: windowLogOf(windowBytes) }), windowBytes)
    case 'bzip2':
      return new Bzip2Decoder()
    case 'xz':
      return new XzDecoder(windowBytes)
  }
}

function openEngine(kind: EngineKind, options: EngineOptions): InflateEngine {
  return openDirectEngine(kind, options) ?? new ThreadedEngine(kind, options)
}

/** What zstd can be told: a power of two from 2^10 to 2^31. The exact bound is checked before it sees a frame. */
function windowLogOf(windowBytes: number): number {
  return Math.min(31, Math.max(10, Math.ceil(Math.log2(windowBytes))))
}
