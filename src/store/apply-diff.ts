import type { Layer } from '#model'
import type { BlobBytes } from '#parts/unpack'
import type { ExpectedContent, StageLayerOptions } from './stage-layer.ts'
import type { Store } from './store.ts'

/**
 * Applies a blob to a layer that is there, in place, as `applydiff` does: digests, sizes, tar-split and id sets of the record become
 * those of this blob. Content in place cannot be taken back: after a failure or a crash the layer holds a part of the blob
 * under the record it had before.
 * @throws Fault `layer-unknown`, and as `stageLayer`
 */
export async function applyDiff(
  store: Store,
  layer: string,
  source: { readonly blob: BlobBytes; readonly expected?: ExpectedContent },
  options: StageLayerOptions = {},
): Promise<Layer> {
  throw new Error(`${store.root}${layer}${source.blob.kind}${options.signal}`)
}
