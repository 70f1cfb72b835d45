import type { LayerId, TaskOptions } from '#model'
import { detachLayers } from './detach-layers.ts'
import type { Store } from './store.ts'

/** Removes all containers, images and layers, in one transaction, and what else the driver holds. */
export async function wipe(store: Store, options: TaskOptions = {}): Promise<void> {
  await using held = await store.holding({ write: ['layers', 'images', 'containers'] }, options)
  const layers = held.tables.layers.list().map(({ id }) => id)
  await detachLayers(store, held.tables.layers, layers)
  options.onProgress?.({ kind: 'removing', done: 0, total: layers.length })
  held.transact((tx) => {
    for (const { id } of tx.containers.list()) tx.containers.remove(id)
    for (const { id } of tx.images.list()) tx.images.remove(id)
    for (const id of layers.toReversed()) tx.layers.remove(id)
  })
  const unknown: LayerId[] = []
  for await (const id of store.driver.list()) unknown.push(id)
  for (const id of unknown) await store.driver.remove(id).finish()
  await held[Symbol.asyncDispose]()
  options.onProgress?.({ kind: 'removing', done: layers.length, total: layers.length })
}
