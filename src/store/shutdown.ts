import { type Cancellable, Fault, type LayerId } from '#model'
import type { Store } from './store.ts'

export interface ShutdownOptions extends Cancellable {
  /** `forced` unmounts everything first. Default: `refuse-if-mounted`. */
  readonly how?: 'refuse-if-mounted' | 'forced'
}

/**
 * Takes the driver's own mounts down and tells other processes (spec/store §5.3). With `forced`, the layers that were mounted are
 * unmounted and returned; the Go tools call that an error.
 * @throws Fault `layer-in-use` when layers are mounted and it is not forced
 */
export async function shutdown(store: Store, options: ShutdownOptions = {}): Promise<readonly LayerId[]> {
  await using held = await store.holding({ write: ['layers'] }, { ...options, graphLock: 'kept' })
  const { layers } = held.tables
  const mounted = layers.list().flatMap(({ id }) => (layers.mountOf(id) === undefined ? [] : [id]))
  const [first] = mounted
  if (first !== undefined && options.how !== 'forced') {
    throw new Fault({ code: 'layer-in-use', layer: first, by: 'mount', user: layers.mountOf(first)?.path ?? '' })
  }
  for (const id of mounted) await store.driver.detach(id)
  if (first !== undefined) {
    held.transact((tx) => {
      for (const id of mounted) tx.layers.setMount(id, undefined)
    })
  }
  held.announceShutdown()
  await store.driver.shutdown()
  return mounted
}
