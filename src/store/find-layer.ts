import type { Cancellable, Layer } from '#model'
import type { Store } from './store.ts'

/** By exact id, exact name, or unique prefix of an id (spec/store §5.2). */
export async function findLayer(store: Store, nameOrId: string, options: Cancellable = {}): Promise<Layer | undefined> {
  return await store.transact({ read: ['layers'] }, (tx) => tx.layers.find(nameOrId), options)
}

/** @throws Fault `layer-unknown` */
export async function getLayer(store: Store, nameOrId: string, options: Cancellable = {}): Promise<Layer> {
  return await store.transact({ read: ['layers'] }, (tx) => tx.layers.get(nameOrId), options)
}
