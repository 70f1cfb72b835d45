import type { Store } from './store.ts'
import type { MountLayerOptions } from './mount-layer.ts'

export interface MountImageOptions extends MountLayerOptions {
  /** Mount option words; `rw` is refused. */
  readonly options?: readonly string[]
}

/**
 * Mounts an image's top layer read-only and counts it; `unmountImage` undoes it. Returns the host path of the tree.
 * @throws Fault `image-unknown`, `layer-unknown`, `mount-read-write`
 */
export async function mountImage(store: Store, nameOrId: string, options: MountImageOptions = {}): Promise<string> {
  throw new Error(`${store.root}${nameOrId}${options.signal}`)
}
