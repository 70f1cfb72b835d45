import type { LayerId } from '#model'
import { syncStore } from './make-durable.ts'
import {
  fillContent,
  type LayerSource,
  openContent,
  type OpenContent,
  stagedImageLayer,
  type StagedImageLayer,
  stageLayer,
  type StageLayerOptions,
} from './stage-layer.ts'
import type { Store } from './store.ts'

export interface StageLayersOptions extends StageLayerOptions {
  /** Blobs unpacked at the same time. Default: 3; 1 in a driver whose layers are copies of their parents. */
  readonly concurrency?: number
}

/** A chain of staged layers, bottom first. Disposing removes those that have not been committed. */
export interface StagedChain extends AsyncDisposable {
  readonly layers: readonly StagedImageLayer[]
}

export interface LayerChain {
  /** What the lowest stands on. */
  readonly parent?: LayerId | undefined
  readonly layers: readonly LayerSource[]
}

/**
 * Unpacks a chain of blobs, bottom first, several at once. `blob` functions are called in order, when their turn comes, and at
 * most `concurrency` of them are unfinished at a time. If one fails the others are cancelled and nothing is left behind.
 * @throws as `stageLayer`
 */
export async function stageLayers(
  store: Store,
  chain: LayerChain,
  options: StageLayersOptions = {},
): Promise<StagedChain> {
  return store.driver.copiesParent
    ? await stageOneByOne(store, chain, options)
    : await stageAtOnce(store, chain, options)
}

/** A copy of the parent can only begin when the parent is complete. */
async function stageOneByOne(store: Store, chain: LayerChain, options: StageLayersOptions): Promise<StagedChain> {
  await using undo = new AsyncDisposableStack()
  const layers: StagedImageLayer[] = []
  for (const source of chain.layers) {
    const parent = layers.at(-1) ?? chain.parent
    layers.push(undo.use(await stageLayer(store, { ...source, parent }, options)))
  }
  return ownedChain(layers, undo.move())
}

async function stageAtOnce(store: Store, chain: LayerChain, options: StageLayersOptions): Promise<StagedChain> {
  await using undo = new AsyncDisposableStack()
  const places: OpenContent[] = []
  for (const source of chain.layers) {
    const below = places.at(-1)?.content ?? chain.parent
    places.push(undo.use(await openContent(store, below, source, options)))
  }
  const unpacked = await fillAll(store, places, chain.layers, options)
  const layers: StagedImageLayer[] = []
  for (const [at, source] of chain.layers.entries()) {
    const [place, found] = [places[at], unpacked[at]]
    if (place === undefined || found === undefined) continue
    const parent = layers.at(-1)?.id ?? chain.parent
    layers.push(stagedImageLayer(place.keep(), source, parent, found))
  }
  return ownedChain(layers)
}

/** Waits for all of them to end, also when one has failed: nobody may write into what is about to be removed. */
async function fillAll(
  store: Store,
  places: readonly OpenContent[],
  sources: readonly LayerSource[],
  options: StageLayersOptions,
): Promise<readonly Awaited<ReturnType<typeof fillContent>>[]> {
  const failed = new AbortController()
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([options.signal, failed.signal])
  const results: Awaited<ReturnType<typeof fillContent>>[] = []
  const waiting = [...sources.entries()]
  let failure: { readonly error: unknown } | undefined
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && failure === undefined; next = waiting.shift()) {
      const [at, source] = next
      const place = places[at]
      if (place === undefined) continue
      try {
        results[at] = await fillContent(place, source, { ...options, signal })
        if (waiting.length > 0) hastenSync(store)
      } catch (error) {
        failure ??= { error }
        failed.abort(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, options.concurrency ?? 3) }, work))
  if (failure !== undefined) throw failure.error
  return results
}

/** What has been unpacked is on its way to the disk while the next layers come in: the sync before the commit finds less to do. */
function hastenSync(store: Store): void {
  // What fails here fails again there, and is reported there.
  if (store.durability === 'full') syncStore(store).catch(() => undefined)
}

function ownedChain(layers: readonly StagedImageLayer[], owner?: AsyncDisposableStack): StagedChain {
  return {
    layers,
    async [Symbol.asyncDispose]() {
      if (owner !== undefined) return await owner.disposeAsync()
      // Top first: a child's directory may refer to its parent's.
      for (const layer of layers.toReversed()) await layer[Symbol.asyncDispose]()
    },
  }
}
