import type { Cancellable, Layer } from '#model'
import type { Store } from './store.ts'

/** All layers, in order of the record files: parents before children as a rule, not by promise. */
export async function listLayers(store: Store, options: Cancellable = {}): Promise<readonly Layer[]> {
  return await store.transact({ read: ['layers'] }, (tx) => tx.layers.list(), options)
}
