import { Fault } from '#model'
import type { Transaction } from '#parts/records'
import { type FindObjectOptions, getObject, objectIn } from './find-object.ts'
import { namedAnew } from './naming.ts'
import type { StoredObject } from './objects.ts'
import type { Store } from './store.ts'

/** The names of a layer, an image or a container, whichever is found first. @throws Fault `object-unknown` */
export async function getNames(
  store: Store,
  nameOrId: string,
  options: FindObjectOptions = {},
): Promise<readonly string[]> {
  return (await getObject(store, nameOrId, options)).record.names
}

/**
 * Replaces all names; returns the list that results. Names that another object of the kind bears are taken away from it; those of an
 * image move to the front of its history, each in turn (spec/store §5.5).
 * @throws Fault `object-unknown`
 */
export async function setNames(
  store: Store,
  nameOrId: string,
  names: readonly string[],
  options: FindObjectOptions = {},
): Promise<readonly string[]> {
  return await changeNames(store, nameOrId, () => names, options)
}

/** The given names first, then those it had. @throws Fault `object-unknown` */
export async function addNames(
  store: Store,
  nameOrId: string,
  names: readonly string[],
  options: FindObjectOptions = {},
): Promise<readonly string[]> {
  return await changeNames(store, nameOrId, (before) => [...names, ...before], options)
}

/** Names it does not bear are ignored. @throws Fault `object-unknown` */
export async function removeNames(
  store: Store,
  nameOrId: string,
  names: readonly string[],
  options: FindObjectOptions = {},
): Promise<readonly string[]> {
  return await changeNames(store, nameOrId, (before) => before.filter((name) => !names.includes(name)), options)
}

async function changeNames(
  store: Store,
  nameOrId: string,
  change: (before: readonly string[]) => readonly string[],
  options: FindObjectOptions,
): Promise<readonly string[]> {
  const among = options.among ?? ['layer', 'image', 'container']
  return await store.transact(
    { write: ['layers', 'images', 'containers'] },
    (tx) => {
      const object = objectIn(tx, nameOrId, among)
      if (object === undefined) throw new Fault({ code: 'object-unknown', name: nameOrId })
      return renamed(tx, object, change(object.record.names))
    },
    options,
  )
}

function renamed(
  tx: Transaction<never, 'layers' | 'images' | 'containers'>,
  object: StoredObject,
  names: readonly string[],
): readonly string[] {
  switch (object.kind) {
    case 'layer':
      return tx.layers.replace({ ...object.record, names }).names
    case 'image':
      return tx.images.replace(namedAnew(object.record, names)).names
    case 'container':
      return tx.containers.replace({ ...object.record, names }).names
  }
}
