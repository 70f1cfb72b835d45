import { Fault, type LayerId, type TaskOptions } from '#model'
import type { Readers } from '#parts/records'
import { detachLayers } from './detach-layers.ts'
import { objectIn } from './find-object.ts'
import type { StoredObject } from './objects.ts'
import type { Store } from './store.ts'

/**
 * Removes whatever has this id or name, without asking who needs it: containers (with their layer), then images (the record alone),
 * then layers (spec/store §5.7 Delete).
 * @throws Fault `object-unknown`; `not-a` for a container whose layer is gone
 */
export async function deleteObject(store: Store, nameOrId: string, options: TaskOptions = {}): Promise<StoredObject> {
  await using held = await store.holding({ write: ['layers', 'images', 'containers'] }, options)
  const object = objectIn(held.tables, nameOrId, ['container', 'image', 'layer'])
  if (object === undefined) throw new Fault({ code: 'object-unknown', name: nameOrId })
  await detachLayers(store, held.tables.layers, layersOf(held.tables, object))
  held.transact((tx) => {
    if (object.kind === 'container') tx.containers.remove(object.record.id)
    if (object.kind === 'image') tx.images.remove(object.record.id)
    for (const layer of layersOf(tx, object)) tx.layers.remove(layer)
  })
  return object
}

function layersOf(tables: Pick<Readers, 'layers'>, object: StoredObject): readonly LayerId[] {
  switch (object.kind) {
    case 'layer':
      return [object.record.id]
    case 'image':
      return []
    case 'container': {
      const { layer } = object.record
      if (tables.layers.find(layer)?.id !== layer) throw new Fault({ code: 'not-a', kind: 'layer', name: layer })
      return [layer]
    }
  }
}
