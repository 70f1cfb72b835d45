import { compressed } from '#formats/compression'
import { type ByteStream, measured } from '#ground/bytes'
import { type Compression, type DiffId, Fault, type Layer, type TaskOptions } from '#model'
import type { Store } from '#store'
import { layerTar } from './layer-tar.ts'

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
  const tar = comparedWithDiffId(layerTar(store, layer, { signal: options.signal }), { layer, diffId, options })
  if (codec === 'uncompressed') return yield* tar
  const { signal, level } = options
  yield* compressed(tar, { codec, signal, ...(level === undefined ? {} : { level }) })
}

async function* comparedWithDiffId(
  tar: ByteStream,
  { layer, diffId, options }: { readonly layer: Layer; readonly diffId: DiffId; readonly options: TaskOptions },
): ByteStream {
  const total = layer.diffSize === undefined || layer.diffSize < 0 ? {} : { total: layer.diffSize }
  const meter = measured(tar)
  for await (const piece of meter) {
    options.signal?.throwIfAborted()
    options.onProgress?.({ kind: 'writing', item: layer.id, done: meter.passed, ...total })
    yield piece
  }
  const actual = meter.measurement().digest
  if (actual !== diffId)
    throw new Fault({ code: 'digest-mismatch', what: `layer ${layer.id}`, expected: diffId, actual })
}
