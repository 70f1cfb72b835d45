import type { Cancellable } from '#model'
import type { LayerMount } from '#parts/records'
import { mountable } from './mount-layer.ts'
import type { Store } from './store.ts'

/** Where a container or a layer is mounted according to the records, and how often; undefined: it is not. @throws Fault `layer-unknown` */
export async function mounted(
  store: Store,
  nameOrId: string,
  options: Cancellable = {},
): Promise<LayerMount | undefined> {
  return await store.transact(
    { read: ['layers', 'containers'] },
    (tx) => tx.layers.mountOf(mountable(tx, nameOrId).layer.id),
    options,
  )
}
