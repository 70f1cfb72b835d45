import { Fault } from '#model'
import { type FindObjectOptions, findObject, objectIn } from './find-object.ts'
import type { Store } from './store.ts'

/** The text a caller keeps with a layer, image or container; empty if there is none. @throws Fault `not-a` */
export async function getMetadata(store: Store, nameOrId: string, options: FindObjectOptions = {}): Promise<string> {
  const object = await findObject(store, nameOrId, options)
  if (object === undefined) throw new Fault({ code: 'not-a', kind: 'id', name: nameOrId })
  return object.record.metadata ?? ''
}

/** @throws Fault `not-a` */
export async function setMetadata(
  store: Store,
  nameOrId: string,
  metadata: string,
  options: FindObjectOptions = {},
): Promise<void> {
  const among = options.among ?? ['layer', 'image', 'container']
  await store.transact(
    { write: ['layers', 'images', 'containers'] },
    (tx) => {
      const object = objectIn(tx, nameOrId, among)
      if (object === undefined) throw new Fault({ code: 'not-a', kind: 'id', name: nameOrId })
      if (object.kind === 'layer') tx.layers.replace({ ...object.record, metadata })
      if (object.kind === 'image') tx.images.replace({ ...object.record, metadata })
      if (object.kind === 'container') tx.containers.replace({ ...object.record, metadata })
    },
    options,
  )
}
