import type { Cancellable, Container } from '#model'
import type { Store } from './store.ts'

/** By exact id, exact name, id of its layer, or unique prefix of an id (spec/store §5.2). */
export async function findContainer(
  store: Store,
  nameOrId: string,
  options: Cancellable = {},
): Promise<Container | undefined> {
  return await store.transact({ read: ['containers'] }, (tx) => tx.containers.find(nameOrId), options)
}

/** @throws Fault `container-unknown` */
export async function getContainer(store: Store, nameOrId: string, options: Cancellable = {}): Promise<Container> {
  return await store.transact({ read: ['containers'] }, (tx) => tx.containers.get(nameOrId), options)
}

/** The container whose own layer this is. The layer is found by id, name or prefix. @throws Fault `layer-unknown`, `container-unknown` */
export async function getContainerByLayer(store: Store, layer: string, options: Cancellable = {}): Promise<Container> {
  return await store.transact(
    { read: ['layers', 'containers'] },
    (tx) => {
      const { id } = tx.layers.get(layer)
      return tx.containers.withLayer(id) ?? tx.containers.get(id)
    },
    options,
  )
}
