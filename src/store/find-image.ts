import type { Cancellable, Image } from '#model'
import type { Store } from './store.ts'

/** By exact id, exact name, or unique prefix of an id (spec/store §5.2). Names are full references: nothing is normalised here. */
export async function findImage(store: Store, nameOrId: string, options: Cancellable = {}): Promise<Image | undefined> {
  return await store.transact({ read: ['images'] }, (tx) => tx.images.find(nameOrId), options)
}

/** @throws Fault `image-unknown` */
export async function getImage(store: Store, nameOrId: string, options: Cancellable = {}): Promise<Image> {
  return await store.transact({ read: ['images'] }, (tx) => tx.images.get(nameOrId), options)
}
