import { Fault } from '#model'
import type { LayersReader } from '#parts/records'

/** Before slow work is done for it: an id or a name that is taken is refused. @throws Fault `id-in-use`, `name-in-use` */
export function refuseTakenLayer(
  layers: Pick<LayersReader, 'find'>,
  wanted: { readonly id?: string | undefined; readonly names?: readonly string[] | undefined },
): void {
  if (wanted.id !== undefined && layers.find(wanted.id)?.id === wanted.id) {
    throw new Fault({ code: 'id-in-use', kind: 'layer', id: wanted.id })
  }
  for (const name of wanted.names ?? []) {
    const owner = layers.find(name)
    if (owner?.names.includes(name)) throw new Fault({ code: 'name-in-use', kind: 'layer', name, owner: owner.id })
  }
}
