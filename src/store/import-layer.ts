import type { IdMaps, Layer, LayerId } from '#model'
import type { BlobBytes } from '#parts/unpack'
import type { ExpectedContent, StageLayerOptions } from './stage-layer.ts'
import type { Store } from './store.ts'

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
  /** Default: those of the parent. */
  readonly idMaps?: IdMaps
  readonly purpose?: 'image' | 'container'
}

/**
 * Turns a blob into a layer of the store (PutLayer with a diff, spec/store §5.4). All slow work is done before the lock is taken.
 * Returns once the record and its content are both durable. After a crash either both are there or neither is listed.
 * @throws Fault `id-in-use`, `name-in-use`, `layer-unknown`, `parent-is-container`, and as `stageLayer`
 */
export async function importLayer(store: Store, layer: LayerToImport, options: StageLayerOptions = {}): Promise<Layer> {
  throw new Error(`${store.root}${layer.id}${options.signal}`)
}
