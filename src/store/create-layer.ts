import type { Cancellable, IdMaps, Layer, LayerId } from '#model'
import type { Store } from './store.ts'

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
  throw new Error(`${store.root}${layer.id}${options.signal}`)
}
