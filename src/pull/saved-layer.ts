import { compressed } from '#formats/compression'
import { type ByteStream, fileStream, measured } from '#ground/bytes'
import { type BlobDigest, type Compression, type DiffId, Fault, type Layer, type TaskOptions } from '#model'
import { hasKeptBlob, keptBlobKey, type Store } from '#store'
import { layerTar } from './layer-tar.ts'

/** What a layer's blob shall be compressed with; `keep`: what the layer came with. */
export type SaveCompression = 'keep' | 'none' | 'gzip' | 'zstd'

export interface LayerToSave {
  readonly layer: Layer
  readonly diffId: DiffId
  readonly codec: SavedCodec
  /** The digest of the blob that the store kept, where it is to be written as it is. */
  readonly keptBlob?: BlobDigest
}

export type SavedCodec = Extract<Compression, 'uncompressed' | 'gzip' | 'zstd'>

/** bzip2 and xz are read only: what came so goes out as gzip. */
export function codecFor(layer: Layer, wanted: SaveCompression): SavedCodec {
  if (wanted === 'none') return 'uncompressed'
  if (wanted !== 'keep') return wanted
  return layer.compression === 'bzip2' || layer.compression === 'xz' ? 'gzip' : layer.compression
}

/** The digest of a kept copy that can be written instead of compressing anew. */
export function keptBlobFor(layer: Layer, wanted: SaveCompression): { readonly keptBlob?: BlobDigest } {
  if (wanted !== 'keep' || !hasKeptBlob(layer) || layer.compressedDigest === undefined) return {}
  return { keptBlob: layer.compressedDigest }
}

/** The blob exactly as it came. If the copy has been changed the stream throws before its end. @throws Fault `digest-mismatch` */
async function* keptBytes(
  store: Store,
  { layer }: LayerToSave,
  expected: BlobDigest,
  options: TaskOptions,
): ByteStream {
  const path = await store.transact({ read: ['layers'] }, (tx) => tx.layers.bigDataPath(layer.id, keptBlobKey), options)
  const meter = measured(fileStream(path))
  const total = layer.compressedSize === undefined ? {} : { total: layer.compressedSize }
  for await (const piece of meter) {
    options.signal?.throwIfAborted()
    options.onProgress?.({ kind: 'writing', item: layer.id, done: meter.passed, ...total })
    yield piece
  }
  const actual = meter.measurement().digest
  if (actual !== expected)
    throw new Fault({ code: 'digest-mismatch', what: `kept blob of layer ${layer.id}`, expected, actual })
}

/**
 * The bytes of a layer's blob, the same each time. The tar that goes into it is compared with the diffID: if it differs the
 * stream throws before its end. @throws Fault `digest-mismatch`, and those of `diff`
 */
export async function* blobOfLayer(
  store: Store,
  toSave: LayerToSave,
  options: TaskOptions & { readonly level?: number | undefined } = {},
): ByteStream {
  const { layer, diffId, codec, keptBlob } = toSave
  if (keptBlob !== undefined) return yield* keptBytes(store, toSave, keptBlob, options)
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
