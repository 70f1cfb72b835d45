import { Fault, type Image, type ImageId, type LayerId, type TaskOptions } from '#model'
import type { Readers } from '#parts/records'
import { detachLayers } from './detach-layers.ts'
import { removableLayers } from './removable-layers.ts'
import type { Store } from './store.ts'

export interface DeletedImage {
  readonly image: ImageId
  /** In the order of removal: mapped layers, the top layer, then upwards. */
  readonly layers: readonly LayerId[]
}

export interface DeleteImageOptions extends TaskOptions {
  /** `plan`: nothing is changed; what would be is returned. Default: `execute`. */
  readonly mode?: 'plan' | 'execute'
}

/**
 * Removes an image and every layer that nothing else needs (spec/store §5.6), in one transaction. After a crash: as before, or the
 * image is gone and the next writer of the store finishes with those layers that were already marked.
 * @throws Fault `not-a`, `image-in-use`
 */
export async function deleteImage(
  store: Store,
  nameOrId: string,
  options: DeleteImageOptions = {},
): Promise<DeletedImage> {
  if (options.mode === 'plan') {
    return await store.transact(
      { read: ['layers', 'images', 'containers'] },
      (tx) => planned(tx, removableImage(tx, nameOrId)),
      options,
    )
  }
  return await execute(store, nameOrId, options)
}

async function execute(store: Store, nameOrId: string, options: TaskOptions): Promise<DeletedImage> {
  await using held = await store.holding({ read: ['containers'], write: ['layers', 'images'] }, options)
  const plan = planned(held.tables, removableImage(held.tables, nameOrId))
  const total = plan.layers.length
  await detachLayers(store, held.tables.layers, plan.layers)
  options.onProgress?.({ kind: 'removing', done: 0, total })
  held.transact((tx) => {
    tx.images.remove(plan.image)
    for (const layer of plan.layers) tx.layers.remove(layer)
  })
  await held[Symbol.asyncDispose]()
  options.onProgress?.({ kind: 'removing', done: total, total })
  return plan
}

function planned(tables: Readers, image: Image): DeletedImage {
  return { image: image.id, layers: removableLayers(tables, image) }
}

function removableImage(tables: Readers, nameOrId: string): Image {
  const image = tables.images.find(nameOrId)
  if (image === undefined) throw new Fault({ code: 'not-a', kind: 'image', name: nameOrId })
  const container = tables.containers.withImage(image.id).at(-1)
  if (container !== undefined) throw new Fault({ code: 'image-in-use', image: image.id, container: container.id })
  return image
}
