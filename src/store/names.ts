import { type FindObjectOptions, getObject } from './find-object.ts'
import { namedAnew } from './naming.ts'
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
  const { kind, record } = await getObject(store, nameOrId, options)
  switch (kind) {
    case 'layer':
      return await store.transact(
        { write: ['layers'] },
        ({ layers }) => {
          const layer = layers.get(record.id)
          return layers.replace({ ...layer, names: change(layer.names) }).names
        },
        options,
      )
    case 'image':
      return await store.transact(
        { write: ['images'] },
        ({ images }) => {
          const image = images.get(record.id)
          return images.replace(namedAnew(image, change(image.names))).names
        },
        options,
      )
    case 'container':
      return await store.transact(
        { write: ['containers'] },
        ({ containers }) => {
          const container = containers.get(record.id)
          return containers.replace({ ...container, names: change(container.names) }).names
        },
        options,
      )
  }
}
