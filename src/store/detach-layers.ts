import type { LayerId } from '#model'
import type { LayersReader } from '#parts/records'
import type { Store } from './store.ts'

/** Takes down the mounts of layers that are about to go, under the lock of the layers, so that nobody mounts them meanwhile. */
export async function detachLayers(
  store: Store,
  layers: Pick<LayersReader, 'mountOf'>,
  ids: readonly LayerId[],
): Promise<void> {
  for (const id of ids) if (layers.mountOf(id) !== undefined) await store.driver.detach(id)
}
