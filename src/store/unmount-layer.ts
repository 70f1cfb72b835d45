import type { Cancellable, Layer } from '#model'
import type { Held } from '#parts/records'
import { mountable } from './mount-layer.ts'
import { mountedLayerOf } from './mount-image.ts'
import type { Store } from './store.ts'

export interface UnmountOptions extends Cancellable {
  /** `completely`: whatever the count is. Default: `once`. */
  readonly how?: 'once' | 'completely'
}

/**
 * Counts a container's or a layer's mount down and detaches it when nobody is left. Unmounting what is not mounted is no error.
 * Says whether it is still mounted for others.
 * @throws Fault `layer-unknown`
 */
export async function unmountLayer(
  store: Store,
  nameOrId: string,
  options: UnmountOptions = {},
): Promise<'mounted' | 'unmounted'> {
  await using held = await store.holding({ read: ['containers'], write: ['layers'] }, options)
  return await countDown(store, held, mountable(held.tables, nameOrId).layer, options.how ?? 'once')
}

/** Undoes `mountImage`. @throws Fault `image-unknown`, `layer-unknown` */
export async function unmountImage(
  store: Store,
  nameOrId: string,
  options: UnmountOptions = {},
): Promise<'mounted' | 'unmounted'> {
  await using held = await store.holding({ read: ['images'], write: ['layers'] }, options)
  const layer = mountedLayerOf(held.tables, held.tables.images.get(nameOrId))
  return await countDown(store, held, layer, options.how ?? 'once')
}

async function countDown(
  store: Store,
  held: Held<'containers', 'layers'> | Held<'images', 'layers'>,
  layer: Layer,
  how: 'once' | 'completely',
): Promise<'mounted' | 'unmounted'> {
  const mount = held.tables.layers.mountOf(layer.id)
  if (mount !== undefined && mount.count > 1 && how === 'once') {
    held.transact((tx) => tx.layers.setMount(layer.id, { ...mount, count: mount.count - 1 }))
    return 'mounted'
  }
  await store.driver.detach(layer.id)
  if (mount !== undefined) held.transact((tx) => tx.layers.setMount(layer.id, undefined))
  return 'unmounted'
}
