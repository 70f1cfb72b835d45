import type { BlobDigest, DiffId, IdMaps, LayerId, TaskOptions } from '#model'
import type { StagedLayer } from '#parts/drivers'
import type { BlobBytes, Unpacked, UnpackLimits } from '#parts/unpack'
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
  /** A stream is opened only when its turn comes, so that not all blobs are open at once. */
  readonly blob: BlobBytes | (() => Promise<BlobBytes>)
  readonly expected?: ExpectedContent
  readonly idMaps?: IdMaps
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
  throw new Error(`${store.root}${source.id}${options.signal}`)
}
