import type { Cancellable } from '#model'
import type { Store } from './store.ts'

export interface MountLayerOptions extends Cancellable {
  /** SELinux label. Default: the layer's. */
  readonly label?: string
}

/**
 * Mounts a container (by its id or name) or a layer, for writing, and counts it (spec/store §5.4 Mounting). Returns the host path of
 * the tree. Mounting what is mounted counts up and returns the same path. It stays mounted after this process.
 * @throws Fault `layer-unknown`, `shifting-unsupported`, and as `driver.mount`
 */
export async function mountLayer(store: Store, nameOrId: string, options: MountLayerOptions = {}): Promise<string> {
  throw new Error(`${store.root}${nameOrId}${options.signal}`)
}
