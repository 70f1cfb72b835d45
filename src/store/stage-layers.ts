import type { LayerId } from '#model'
import type { LayerSource, StagedImageLayer, StageLayerOptions } from './stage-layer.ts'
import type { Store } from './store.ts'

export interface StageLayersOptions extends StageLayerOptions {
  /** Blobs unpacked at the same time. Default: 3; 1 in a driver whose layers are copies of their parents. */
  readonly concurrency?: number
}

/** A chain of staged layers, bottom first. Disposing removes those that have not been committed. */
export interface StagedChain extends AsyncDisposable {
  readonly layers: readonly StagedImageLayer[]
}

/**
 * Unpacks a chain of blobs, bottom first, several at once. `blob` functions are called in order, when their turn comes, and at
 * most `concurrency` of them are unfinished at a time. If one fails the others are cancelled and nothing is left behind.
 * @throws as `stageLayer`
 */
export async function stageLayers(
  store: Store,
  chain: { readonly parent?: LayerId | undefined; readonly layers: readonly LayerSource[] },
  options: StageLayersOptions = {},
): Promise<StagedChain> {
  throw new Error(`${store.root}${chain.parent}${options.signal}`)
}
