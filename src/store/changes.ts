import type { Cancellable } from '#model'
import type { FileChange } from '#parts/changeset'
import { comparison, type ComparisonOptions } from './comparison.ts'
import type { Store } from './store.ts'

/** How a layer's tree differs from its parent's or another's, as the file systems say (spec/drivers §9). @throws Fault `layer-unknown` */
export async function* changes(
  store: Store,
  layer: string,
  options: ComparisonOptions & Cancellable = {},
): AsyncGenerator<FileChange> {
  const { to, driverOptions } = await comparison(store, layer, options)
  yield* store.driver.changes(to.id, driverOptions)
}

/** Bytes of the files that changed. @throws Fault `layer-unknown` */
export async function diffSize(store: Store, layer: string, options: ComparisonOptions = {}): Promise<number> {
  const { to, driverOptions } = await comparison(store, layer, options)
  return await store.driver.diffSize(to.id, driverOptions)
}
