import { type BlobDigest, type DiffId, type Digest, Fault, type IdMaps, type LayerId, type TaskOptions } from '#model'
import type { StagedLayer } from '#parts/drivers'
import type { BlobBytes, Unpacked, UnpackLimits, UnpackOptions } from '#parts/unpack'
import { defined } from './defined.ts'
import { keepBlob } from './kept-blob.ts'
import { layerIdOfDiffId } from './layer-ids.ts'
import { openStagingRoom } from './staging-room.ts'
import type { Store } from './store.ts'

/** What is promised of a blob. What it turns out to be is compared, and recorded. */
export interface ExpectedContent {
  readonly diffId?: DiffId
  readonly blobDigest?: BlobDigest
  readonly blobSize?: number
}

/** A blob that is to become a layer of an image. */
export interface LayerSource {
  /** Default: what `layerIdOfDiffId` says of the parent and the diffID. */
  readonly id?: LayerId
  /** A function is called only when its turn comes, so that not all blobs are open at once. */
  readonly blob: BlobBytes | (() => Promise<BlobBytes>)
  readonly expected?: ExpectedContent
  readonly idMaps?: IdMaps
  /** Keep a copy of the blob too, so that the layer can be given out compressed exactly as it came. Its size is the price. */
  readonly keepBlob?: boolean
  /** Maps of the parent's content, where they are others. */
  readonly idMapsBelow?: IdMaps
}

export interface StageLayerOptions extends TaskOptions {
  readonly limits?: Partial<UnpackLimits>
}

/**
 * A layer that is unpacked but not committed: no record names it, no lock is held. Disposing removes it unless it has been
 * committed; after a crash the next writer of the store removes it.
 */
export interface StagedImageLayer extends AsyncDisposable {
  readonly id: LayerId
  readonly parent: LayerId | undefined
  readonly unpacked: Unpacked
  readonly idMaps: IdMaps | undefined
  readonly content: StagedLayer
  /** Host path of the tar-split beside it. */
  readonly tarSplitPath: string
  /** Host path of the blob's copy, if it is to be kept. */
  readonly keptBlobPath?: string
}

/**
 * Unpacks one blob into staging, on top of a committed layer, of another staged one, or of nothing. Holds no lock; any number
 * at once. Nothing is durable yet: `commitImage` and `importLayer` see to that.
 * @throws Fault `layer-unknown` for the parent; `digest-mismatch`, `size-mismatch` against `expected`; `tar-invalid`,
 *   `compression-invalid`, `limit-exceeded` and what else unpacking finds. Nothing is left behind then.
 */
export async function stageLayer(
  store: Store,
  source: LayerSource & { readonly parent?: LayerId | StagedImageLayer | undefined },
  options: StageLayerOptions = {},
): Promise<StagedImageLayer> {
  const { parent } = source
  const below = typeof parent === 'object' ? parent.content : parent
  await using content = await openContent(store, below, source, options)
  const unpacked = await fillContent(content, source, options)
  return stagedImageLayer(content.keep(), source, typeof parent === 'object' ? parent.id : parent, unpacked)
}

/** A place to unpack into: content and tar-split, removed unless kept. */
export interface OpenContent extends AsyncDisposable {
  readonly content: StagedLayer
  readonly tarSplitPath: string
  readonly keptBlobPath: string
  /** Hands the duty to remove it over to the one who calls. */
  keep(): KeptContent
}

interface KeptContent extends AsyncDisposable {
  readonly content: StagedLayer
  readonly tarSplitPath: string
  readonly keptBlobPath: string
}

export async function openContent(
  store: Store,
  below: LayerId | StagedLayer | undefined,
  source: Pick<LayerSource, 'idMaps' | 'idMapsBelow'>,
  options: TaskOptions,
): Promise<OpenContent> {
  await using undo = new AsyncDisposableStack()
  const { idMaps, idMapsBelow } = source
  const content = undo.use(await store.driver.stage(below, defined({ idMaps, idMapsBelow, signal: options.signal })))
  const room = undo.use(await openStagingRoom(store))
  const place = { content, tarSplitPath: room.path('tar-split.gz'), keptBlobPath: room.path('blob') }
  const owned = undo.move()
  return {
    ...place,
    keep() {
      const kept = owned.move()
      return { ...place, [Symbol.asyncDispose]: async () => kept.disposeAsync() }
    },
    [Symbol.asyncDispose]: async () => owned.disposeAsync(),
  }
}

/** Unpacks the blob and compares it with what was expected. */
export async function fillContent(
  into: Pick<OpenContent, 'content' | 'tarSplitPath'> & Partial<Pick<OpenContent, 'keptBlobPath'>>,
  source: Pick<LayerSource, 'blob' | 'expected' | 'id' | 'keepBlob'>,
  options: StageLayerOptions,
): Promise<Unpacked> {
  const blob = typeof source.blob === 'function' ? await source.blob() : source.blob
  const item = nameOf(source, blob)
  const total = source.expected?.blobSize ?? (blob.kind === 'stream' ? blob.size : blob.length)
  const { unpack } = await import('#parts/unpack')
  const unpacked = await unpack(blob, into.content.target, unpackOptions(item, total, into.tarSplitPath, options))
  refuseOtherContent(source.expected ?? {}, unpacked)
  if (source.keepBlob === true && into.keptBlobPath !== undefined) await keepBlob(blob, into.keptBlobPath, options)
  return unpacked
}

/** What progress is reported for: the best name there is before the bytes have been seen. */
function nameOf({ expected, id }: Pick<LayerSource, 'expected' | 'id'>, blob: BlobBytes): string {
  return expected?.blobDigest ?? expected?.diffId ?? id ?? (blob.kind === 'file' ? blob.path : 'blob')
}

export function stagedImageLayer(
  kept: KeptContent,
  source: Pick<LayerSource, 'id' | 'idMaps' | 'keepBlob'>,
  parent: LayerId | undefined,
  unpacked: Unpacked,
): StagedImageLayer {
  return {
    id: source.id ?? layerIdOfDiffId(parent, unpacked.diffId),
    parent,
    unpacked,
    idMaps: source.idMaps,
    content: kept.content,
    tarSplitPath: kept.tarSplitPath,
    ...(source.keepBlob === true ? { keptBlobPath: kept.keptBlobPath } : {}),
    [Symbol.asyncDispose]: async () => kept[Symbol.asyncDispose](),
  }
}

export function unpackOptions(
  item: string,
  total: number | undefined,
  tarSplitPath: string,
  options: StageLayerOptions,
): UnpackOptions {
  const { onProgress, signal, limits } = options
  return {
    tarSplitPath,
    ...defined({ signal, limits }),
    ...(onProgress && {
      onProgress: ({ read, unpacked, entries }) => {
        onProgress({ kind: 'reading', item, done: read, ...defined({ total }) })
        onProgress({ kind: 'unpacking', item, done: unpacked, entries })
      },
    }),
  }
}

/** @throws Fault `digest-mismatch`, `size-mismatch` */
export function refuseOtherContent(expected: ExpectedContent, unpacked: Unpacked): void {
  refuseOtherDigest('blob', expected.blobDigest, unpacked.blobDigest)
  if (expected.blobSize !== undefined && expected.blobSize !== unpacked.blobSize) {
    throw new Fault({ code: 'size-mismatch', what: 'blob', expected: expected.blobSize, actual: unpacked.blobSize })
  }
  refuseOtherDigest('layer', expected.diffId, unpacked.diffId)
}

function refuseOtherDigest(what: string, expected: Digest | undefined, actual: Digest): void {
  if (expected !== undefined && expected !== actual)
    throw new Fault({ code: 'digest-mismatch', expected, actual, what })
}
