import type { Cancellable, Image } from '#model'
import type { Store } from './store.ts'

/** All images, in order of creation. */
export async function listImages(store: Store, options: Cancellable = {}): Promise<readonly Image[]> {
  return await store.transact({ read: ['images'] }, (tx) => tx.images.list(), options)
}
