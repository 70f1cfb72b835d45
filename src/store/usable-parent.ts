import { Fault, type Layer } from '#model'
import type { Readers } from '#parts/records'

/** The layer that a new one may stand on: it is there and belongs to no container. @throws Fault `layer-unknown`, `parent-is-container` */
export function usableParent(
  tables: Pick<Readers, 'layers' | 'containers'>,
  nameOrId: string | undefined,
): Layer | undefined {
  if (nameOrId === undefined || nameOrId === '') return undefined
  const parent = tables.layers.get(nameOrId)
  if (tables.containers.withLayer(parent.id) !== undefined) {
    throw new Fault({ code: 'parent-is-container', parent: parent.id })
  }
  return parent
}
