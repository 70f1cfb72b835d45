import { Fault, type Layer } from '#model'
import type { Readers } from '#parts/records'
import { mapsOf, sameMaps } from './id-maps.ts'
import { usableParent } from './usable-parent.ts'

/**
 * That the parent is still what it was when the content was staged on it, without a lock (spec/store §4.4).
 * @throws Fault `layer-unknown`, `parent-is-container`, `parent-maps-changed`
 */
export function refuseChangedParent(tables: Pick<Readers, 'layers' | 'containers'>, staged: Layer | undefined): void {
  const current = usableParent(tables, staged?.id)
  // Another layer under the same id: what was staged does not fit it.
  if (current?.created !== staged?.created) throw new Fault({ code: 'layer-unknown', layer: staged?.id ?? '' })
  if (staged !== undefined && current !== undefined && !sameMaps(mapsOf(current), mapsOf(staged))) {
    throw new Fault({ code: 'parent-maps-changed', parent: staged.id })
  }
}
