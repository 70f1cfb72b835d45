import type { LayerId, TaskOptions } from '#model'
import type { Store } from './store.ts'

/**
 * Removes one layer, and its name from the mapped layers of images. References are looked for by the id that the name resolves to,
 * so that a name or a prefix does not get around them (spec/cli §11.1). A mount of it is detached.
 * @throws Fault `not-a`, `layer-has-children`, `layer-in-use`
 */
export async function deleteLayer(store: Store, nameOrId: string, options: TaskOptions = {}): Promise<LayerId> {
  throw new Error(`${store.root}${nameOrId}${options.signal}`)
}
