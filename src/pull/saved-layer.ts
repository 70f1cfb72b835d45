import { createHash } from 'node:crypto'
import { compressed } from '#formats/compression'
import type { ByteStream } from '#ground/bytes'
import {
  type BlobDigest,
  type Compression,
  type DiffId,
  Fault,
  type Layer,
  parseBlobDigest,
  type TaskOptions,
} from '#model'
import { diff, type Store } from '#store'

/** What a layer's blob shall be compressed with; `keep`: what the layer came with. */
export type SaveCompression = 'keep' | 'none' | 'gzip' | 'zstd'

export interface LayerToSave {
  readonly layer: Layer
  readonly diffId: DiffId
  readonly codec: SavedCodec
}

export type SavedCodec = Extract<Compression, 'uncompressed' | 'gzip' | 'zstd'>

/** bzip2 and xz are read only: what came so goes out as gzip. */
export function codecFor(layer: Layer, wanted: SaveCompression): SavedCodec {
  if (wanted === 'none') return 'uncompressed'
  if (wanted !== 'keep') return wanted
  return layer.compression === 'bzip2' || layer.compression === 'xz' ? 'gzip' : layer.compression
}

/**
 * The bytes of a layer's blob, the same each time. The tar that goes into it is compared with the diffID: if it differs the
 * stream throws before its end. @throws Fault `digest-mismatch`, and those of `diff`
 */
export async function* blobOfLayer(
  store: Store,
  { layer, diffId, codec }: LayerToSave,
  options: TaskOptions & { readonly level?: number | undefined } = {},
): ByteStream {
  const tar = comparedWithDiffId(await diff(store, layer.id, { compression: 'uncompressed', signal: options.signal }), {
    layer,
    diffId,
    options,
  })
  if (codec === 'uncompressed') return yield* tar
  const { signal, level } = options
  yield* compressed(tar, { codec, signal, ...(level === undefined ? {} : { level }) })
}

async function* comparedWithDiffId(
  tar: ByteStream,
  { layer, diffId, options }: { readonly layer: Layer; readonly diffId: DiffId; readonly options: TaskOptions },
): ByteStream {
  const total = layer.diffSize === undefined || layer.diffSize < 0 ? {} : { total: layer.diffSize }
  const hash = createHash('sha256')
  let done = 0
  for await (const piece of tar) {
    options.signal?.throwIfAborted()
    hash.update(piece)
    done += piece.byteLength
    options.onProgress?.({ kind: 'writing', item: layer.id, done, ...total })
    yield piece
  }
  const actual = `sha256:${hash.digest('hex')}`
  if (actual !== diffId)
    throw new Fault({ code: 'digest-mismatch', what: `layer ${layer.id}`, expected: diffId, actual })
}

/** Digest and size of bytes that flow by. */
export class BlobMeter {
  readonly #hash = createHash('sha256')
  #size = 0

  async *measured(bytes: ByteStream): ByteStream {
    for await (const piece of bytes) {
      this.#hash.update(piece)
      this.#size += piece.byteLength
      yield piece
    }
  }

  /** Once the bytes have ended. */
  result(): { readonly digest: BlobDigest; readonly size: number } {
    return { digest: parseBlobDigest(`sha256:${this.#hash.digest('hex')}`), size: this.#size }
  }
}
