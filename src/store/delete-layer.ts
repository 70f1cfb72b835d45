import { Fault, type LayerId, type TaskOptions } from '#model'
import type { Readers } from '#parts/records'
import { detachLayers } from './detach-layers.ts'
import type { Store } from './store.ts'

/**
 * Removes one layer, and its name from the mapped layers of images. References are looked for by the id that the name resolves to,
 * so that a name or a prefix does not get around them (spec/cli §11.1). A mount of it is detached.
 * @throws Fault `not-a`, `layer-has-children`, `layer-in-use`
 */
export async function deleteLayer(store: Store, nameOrId: string, options: TaskOptions = {}): Promise<LayerId> {
  await using held = await store.holding({ read: ['containers'], write: ['layers', 'images'] }, options)
  const id = removableLayer(held.tables, nameOrId)
  await detachLayers(store, held.tables.layers, [id])
  held.transact((tx) => {
    for (const image of tx.images.list().filter((candidate) => candidate.mappedLayers.includes(id))) {
      tx.images.replace({ ...image, mappedLayers: image.mappedLayers.filter((layer) => layer !== id) })
    }
    tx.layers.remove(id)
  })
  return id
}

function removableLayer(tables: Readers, nameOrId: string): LayerId {
  const layer = tables.layers.find(nameOrId)
  if (layer === undefined) throw new Fault({ code: 'not-a', kind: 'layer', name: nameOrId })
  const { id } = layer
  const [child] = tables.layers.childrenOf(id)
  if (child !== undefined) throw new Fault({ code: 'layer-has-children', layer: id, child: child.id })
  const image = tables.images.list().find((candidate) => candidate.layer === id)
  if (image !== undefined) throw new Fault({ code: 'layer-in-use', layer: id, by: 'image', user: image.id })
  const container = tables.containers.withLayer(id)
  if (container !== undefined) throw new Fault({ code: 'layer-in-use', layer: id, by: 'container', user: container.id })
  return id
}
