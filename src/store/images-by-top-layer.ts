import type { Cancellable, Image } from '#model'
import type { Store } from './store.ts'

/** Images whose top layer, or one of whose mapped top layers, this is. @throws Fault `layer-unknown` */
export async function imagesByTopLayer(
  store: Store,
  layer: string,
  options: Cancellable = {},
): Promise<readonly Image[]> {
  return await store.transact(
    { read: ['layers', 'images'] },
    (tx) => tx.images.withTopLayer(tx.layers.get(layer).id),
    options,
  )
}
