import type { Cancellable } from '#model'
import type { FileChange } from '#parts/changeset'
import type { Store } from './store.ts'

export interface ComparisonOptions extends Cancellable {
  /** What to compare with: a layer by id, name or prefix. Default: the parent. Unknown ones fall back to the parent. */
  readonly from?: string
}

/** How a layer's tree differs from its parent's or another's, as the file systems say (spec/drivers §9). @throws Fault `layer-unknown` */
export async function* changes(
  store: Store,
  layer: string,
  options: ComparisonOptions = {},
): AsyncGenerator<FileChange> {
  throw new Error(`${store.root}${layer}${options.signal}`)
}

/** Bytes of the files that changed. @throws Fault `layer-unknown` */
export async function diffSize(store: Store, layer: string, options: ComparisonOptions = {}): Promise<number> {
  throw new Error(`${store.root}${layer}${options.signal}`)
}
