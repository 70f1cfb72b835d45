import { syncFileSystem } from '#ground/files'
import type { TaskOptions } from '#model'
import { syncInBackground } from './background-sync.ts'
import type { Store } from './store.ts'

/**
 * Everything written so far, by whatever thread, is on the disk when this returns; nothing is done where the store is not to be
 * durable. To be called before a transaction makes staged content visible, and outside of all locks: it may take long. After
 * little has been written, the call itself is quicker than another thread.
 */
export async function makeDurable(
  store: Store,
  options: TaskOptions & { readonly after: 'much' | 'little' },
): Promise<void> {
  if (store.durability === 'none') return
  options.onProgress?.({ kind: 'syncing', done: 0, total: 1 })
  if (options.after === 'little') syncFileSystem(store.root)
  else await syncInBackground(store.root)
  options.onProgress?.({ kind: 'syncing', done: 1, total: 1 })
}
