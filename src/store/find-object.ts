import { type Cancellable, Fault } from '#model'
import type { Readers } from '#parts/records'
import type { ObjectKind, StoredObject } from './objects.ts'
import type { Store } from './store.ts'

export interface FindObjectOptions extends Cancellable {
  /** Kinds to look among, in this order. Default: layer, image, container (spec/store §5.3 Lookup). */
  readonly among?: readonly ObjectKind[]
}

/** Whatever has this id, name or unique prefix of an id; the first kind that knows it wins. */
export async function findObject(
  store: Store,
  nameOrId: string,
  options: FindObjectOptions = {},
): Promise<StoredObject | undefined> {
  const among = options.among ?? ['layer', 'image', 'container']
  return await store.transact(
    { read: ['layers', 'images', 'containers'] },
    (tx) => objectIn(tx, nameOrId, among),
    options,
  )
}

/** @throws Fault `object-unknown` */
export async function getObject(
  store: Store,
  nameOrId: string,
  options: FindObjectOptions = {},
): Promise<StoredObject> {
  const found = await findObject(store, nameOrId, options)
  if (found === undefined) throw new Fault({ code: 'object-unknown', name: nameOrId })
  return found
}

/** The same inside a transaction. */
export function objectIn(tables: Readers, nameOrId: string, among: readonly ObjectKind[]): StoredObject | undefined {
  for (const kind of among) {
    const found = objectOfKind(tables, nameOrId, kind)
    if (found !== undefined) return found
  }
  return undefined
}

function objectOfKind(tables: Readers, nameOrId: string, kind: ObjectKind): StoredObject | undefined {
  switch (kind) {
    case 'layer': {
      const record = tables.layers.find(nameOrId)
      return record && { kind, record }
    }
    case 'image': {
      const record = tables.images.find(nameOrId)
      return record && { kind, record }
    }
    case 'container': {
      const record = tables.containers.find(nameOrId)
      return record && { kind, record }
    }
  }
}
