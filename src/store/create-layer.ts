import { type Cancellable, type IdMaps, type Layer, type LayerId, parseLayerId } from '#model'
import { defined } from './defined.ts'
import { refuseTakenLayer } from './free-names.ts'
import { mapsOf, storedMaps } from './id-maps.ts'
import { randomId } from './layer-ids.ts'
import { layerRecord } from './layer-record.ts'
import { makeDurable } from './make-durable.ts'
import type { Store } from './store.ts'
import { refuseChangedParent } from './unchanged-parent.ts'
import { usableParent } from './usable-parent.ts'

export interface LayerToCreate {
  /** Default: random. */
  readonly id?: LayerId
  /** Id, name or unique prefix of an id. */
  readonly parent?: string
  readonly names?: readonly string[]
  readonly mountLabel?: string
  readonly metadata?: string
  /** `image` for a layer that is not written to (`--readonly`). Default: `container`, as the Go tools' create-layer. */
  readonly purpose?: 'image' | 'container'
  /** `host`: none, whatever the parent has. Default: those of the parent. */
  readonly idMaps?: IdMaps | 'host'
  readonly storageOptions?: Readonly<Record<string, string>>
  readonly flags?: Readonly<Record<string, unknown>>
}

/**
 * An empty layer, or in a copying driver one that begins as its parent (CreateLayer, spec/store §5.4).
 * @throws Fault `id-in-use`, `name-in-use`, `layer-unknown`, `parent-is-container`
 */
export async function createLayer(store: Store, layer: LayerToCreate = {}, options: Cancellable = {}): Promise<Layer> {
  const parent = await store.transact(
    { read: ['layers', 'containers'] },
    (tx) => {
      const found = usableParent(tx, layer.parent)
      refuseTakenLayer(tx.layers, layer)
      return found
    },
    options,
  )
  const id = layer.id ?? parseLayerId(randomId())
  const idMaps = storedMaps(store.driver, layer.idMaps, parent ?? {})
  const { mountLabel, storageOptions, names, metadata, flags } = layer
  await using content = await store.driver.stage(parent?.id, {
    idMaps,
    purpose: layer.purpose ?? 'container',
    ...defined({ mountLabel, storageOptions, signal: options.signal, idMapsBelow: parent && mapsOf(parent) }),
  })
  await makeDurable(store, options)
  return await store.transact(
    { read: ['containers'], write: ['layers'] },
    (tx) => {
      refuseChangedParent(tx, parent)
      const record = layerRecord({ id, parent: parent?.id, names, metadata, mountLabel, flags, idMaps })
      return tx.layers.add(record, { content })
    },
    options,
  )
}
