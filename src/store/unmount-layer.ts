import type { Cancellable } from '#model'
import type { Store } from './store.ts'

export interface UnmountOptions extends Cancellable {
  /** `completely`: whatever the count is. Default: `once`. */
  readonly how?: 'once' | 'completely'
}

/**
 * Counts a container's or a layer's mount down and detaches it when nobody is left. Unmounting what is not mounted is no error.
 * Says whether it is still mounted for others.
 * @throws Fault `layer-unknown`
 */
export async function unmountLayer(
  store: Store,
  nameOrId: string,
  options: UnmountOptions = {},
): Promise<'mounted' | 'unmounted'> {
  throw new Error(`${store.root}${nameOrId}${options.signal}`)
}

/** Undoes `mountImage`. @throws Fault `image-unknown`, `layer-unknown` */
export async function unmountImage(
  store: Store,
  nameOrId: string,
  options: UnmountOptions = {},
): Promise<'mounted' | 'unmounted'> {
  throw new Error(`${store.root}${nameOrId}${options.signal}`)
}
