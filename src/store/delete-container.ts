import { type ContainerId, Fault, type LayerId, type TaskOptions } from '#model'
import { detachLayers } from './detach-layers.ts'
import type { Store } from './store.ts'

/**
 * Removes a container, its layer and its directories in both roots. A mount of the layer is detached.
 * @throws Fault `not-a`
 */
export async function deleteContainer(store: Store, nameOrId: string, options: TaskOptions = {}): Promise<ContainerId> {
  await using held = await store.holding({ write: ['layers', 'containers'] }, options)
  const { layers, containers } = held.tables
  const container = containers.find(nameOrId)
  if (container === undefined) throw new Fault({ code: 'not-a', kind: 'container', name: nameOrId })
  const layer = layers.find(container.layer)
  const going: readonly LayerId[] = layer?.id === container.layer ? [layer.id] : []
  await detachLayers(store, layers, going)
  held.transact((tx) => {
    tx.containers.remove(container.id)
    for (const id of going) tx.layers.remove(id)
  })
  return container.id
}
