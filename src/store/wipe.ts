import type { TaskOptions } from '#model'
import type { Store } from './store.ts'

/** Removes all containers, images and layers, and what else the driver holds. */
export async function wipe(store: Store, options: TaskOptions = {}): Promise<void> {
  throw new Error(`${store.root}${options.signal}`)
}
