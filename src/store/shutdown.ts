import type { Cancellable, LayerId } from '#model'
import type { Store } from './store.ts'

export interface ShutdownOptions extends Cancellable {
  /** `forced` unmounts everything first. Default: `refuse-if-mounted`. */
  readonly how?: 'refuse-if-mounted' | 'forced'
}

/**
 * Takes the driver's own mounts down and tells other processes (spec/store §5.3). With `forced`, all layers that were mounted are
 * returned; the Go tools call that an error.
 * @throws Fault `layer-in-use` when layers are mounted and it is not forced
 */
export async function shutdown(store: Store, options: ShutdownOptions = {}): Promise<readonly LayerId[]> {
  throw new Error(`${store.root}${options.signal}`)
}
