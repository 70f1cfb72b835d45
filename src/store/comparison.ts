import type { Cancellable, Layer } from '#model'
import type { DiffOptions } from '#parts/drivers'
import type { Readers } from '#parts/records'
import { defined } from './defined.ts'
import { mapsOf } from './id-maps.ts'
import type { Store } from './store.ts'

export interface ComparisonOptions extends Cancellable {
  /** What to compare with: a layer by id, name or prefix. Default: the parent. Unknown ones fall back to the parent. */
  readonly from?: string
}

/** What is compared with what. */
export interface Comparison {
  readonly to: Layer
  readonly from: Layer | undefined
  readonly tarSplitPath: string
  readonly driverOptions: DiffOptions
}

/** @throws Fault `layer-unknown` */
export async function comparison(store: Store, layer: string, options: ComparisonOptions): Promise<Comparison> {
  return await store.transact(
    { read: ['layers'] },
    (tx): Comparison => {
      const to = tx.layers.get(layer)
      const from = comparedWith(tx, to, options.from)
      const tarSplitPath = tx.layers.tarSplitPath(to.id)
      const maps = { idMaps: mapsOf(to), ...(from && { parentIdMaps: mapsOf(from) }) }
      return {
        to,
        from,
        tarSplitPath,
        driverOptions: { ...maps, ...defined({ parent: from?.id, signal: options.signal }) },
      }
    },
    options,
  )
}

function comparedWith(tx: Pick<Readers, 'layers'>, to: Layer, from: string | undefined): Layer | undefined {
  const wanted = from === undefined || from === '' ? undefined : tx.layers.find(from)
  return wanted ?? (to.parent === undefined ? undefined : tx.layers.find(to.parent))
}
