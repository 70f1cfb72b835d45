import { type IdMaps, type Layer, type LayerId, parseLayerId } from '#model'
import type { BlobBytes } from '#parts/unpack'
import { defined } from './defined.ts'
import { refuseTakenLayer } from './free-names.ts'
import { mapsOf, storedMaps } from './id-maps.ts'
import { randomId } from './layer-ids.ts'
import { layerRecord } from './layer-record.ts'
import { makeDurable } from './make-durable.ts'
import { type ExpectedContent, stageLayer, type StageLayerOptions } from './stage-layer.ts'
import type { Store } from './store.ts'
import { refuseChangedParent } from './unchanged-parent.ts'
import { usableParent } from './usable-parent.ts'

export interface LayerToImport {
  /** Default: random. */
  readonly id?: LayerId
  /** Id, name or unique prefix of an id. */
  readonly parent?: string
  readonly names?: readonly string[]
  readonly mountLabel?: string
  readonly metadata?: string
  readonly blob: BlobBytes
  readonly expected?: ExpectedContent
  /** `host`: none, whatever the parent has. Default: those of the parent. */
  readonly idMaps?: IdMaps | 'host'
}

/**
 * Turns a blob into a layer of the store (PutLayer with a diff, spec/store §5.4). All slow work is done before the lock is taken.
 * Returns once the record and its content are both durable. After a crash either both are there or neither is listed.
 * @throws Fault `id-in-use`, `name-in-use`, `layer-unknown`, `parent-is-container`, and as `stageLayer`
 */
export async function importLayer(store: Store, layer: LayerToImport, options: StageLayerOptions = {}): Promise<Layer> {
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
  const source = { id, idMaps, blob: layer.blob, ...defined({ parent: parent?.id, expected: layer.expected }) }
  const below = parent === undefined ? {} : { idMapsBelow: mapsOf(parent) }
  await using staged = await stageLayer(store, { ...source, ...below }, options)
  await makeDurable(store, options)
  return await store.transact(
    { read: ['containers'], write: ['layers'] },
    (tx) => {
      refuseChangedParent(tx, parent)
      const { names, metadata, mountLabel } = layer
      const record = layerRecord({ id, parent: parent?.id, names, metadata, mountLabel, idMaps }, staged.unpacked)
      return tx.layers.add(record, { content: staged.content, tarSplitPath: staged.tarSplitPath })
    },
    options,
  )
}
