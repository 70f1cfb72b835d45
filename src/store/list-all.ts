import type { Cancellable, Container, Image, Layer } from '#model'
import type { LayerMount } from '#parts/records'
import type { Store } from './store.ts'

export interface WholeStore {
  readonly layers: readonly Layer[]
  readonly images: readonly Image[]
  readonly containers: readonly Container[]
  /** By layer id; only what is mounted according to the records. */
  readonly mounts: ReadonlyMap<string, LayerMount>
}

/** Everything of one moment: the three tables are locked together, so that every reference in one is found in the other. */
export async function listAll(store: Store, options: Cancellable = {}): Promise<WholeStore> {
  return await store.transact(
    { read: ['layers', 'images', 'containers'] },
    (tx): WholeStore => {
      const layers = tx.layers.list()
      const mounts = new Map<string, LayerMount>()
      for (const { id } of layers) {
        const mount = tx.layers.mountOf(id)
        if (mount !== undefined) mounts.set(id, mount)
      }
      return { layers, images: tx.images.list(), containers: tx.containers.list(), mounts }
    },
    options,
  )
}
