import { statSync } from 'node:fs'
import type { TaskOptions } from '#model'
import { syncInBackground } from './background-sync.ts'
import type { Store } from './store.ts'

/**
 * Everything written so far, by whatever thread, is on the disk when this returns; nothing is done where the store is not to be
 * durable. To be called before a transaction makes staged content visible, and outside of all locks: it may take long.
 * @throws Fault `system`
 */
export async function makeDurable(store: Store, options: TaskOptions): Promise<void> {
  if (store.durability === 'none') return
  options.onProgress?.({ kind: 'syncing', done: 0, total: 1 })
  await syncStore(store)
  options.onProgress?.({ kind: 'syncing', done: 1, total: 1 })
}

/** Records and contents may lie on two file systems. */
export async function syncStore(store: Pick<Store, 'root' | 'driver'>): Promise<void> {
  const { home } = store.driver
  const isApart = statSync(home, { throwIfNoEntry: false })?.dev !== statSync(store.root).dev
  await Promise.all((isApart ? [store.root, home] : [store.root]).map(syncInBackground))
}
