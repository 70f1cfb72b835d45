import type { Cancellable, Container } from '#model'
import type { Store } from './store.ts'

/** All containers, in order of creation. */
export async function listContainers(store: Store, options: Cancellable = {}): Promise<readonly Container[]> {
  return await store.transact({ read: ['containers'] }, (tx) => tx.containers.list(), options)
}
