import type { ContainerId, TaskOptions } from '#model'
import type { Store } from './store.ts'

/**
 * Removes a container, its layer and its directories in both roots. A mount of the layer is detached.
 * @throws Fault `not-a`
 */
export async function deleteContainer(store: Store, nameOrId: string, options: TaskOptions = {}): Promise<ContainerId> {
  throw new Error(`${store.root}${nameOrId}${options.signal}`)
}
