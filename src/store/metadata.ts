import { Fault } from '#model'
import { type FindObjectOptions, findObject } from './find-object.ts'
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
  const object = await findObject(store, nameOrId, options)
  if (object === undefined) throw new Fault({ code: 'not-a', kind: 'id', name: nameOrId })
  const { kind, record } = object
  switch (kind) {
    case 'layer':
      return await store.transact(
        { write: ['layers'] },
        ({ layers }) => void layers.replace({ ...layers.get(record.id), metadata }),
        options,
      )
    case 'image':
      return await store.transact(
        { write: ['images'] },
        ({ images }) => void images.replace({ ...images.get(record.id), metadata }),
        options,
      )
    case 'container':
      return await store.transact(
        { write: ['containers'] },
        ({ containers }) => void containers.replace({ ...containers.get(record.id), metadata }),
        options,
      )
  }
}
