import type { Layer } from '#model'
import type { Removal, WrittenLayers } from './carry-out.ts'
import { isIncomplete, markedIncomplete } from './layer-records.ts'
import type { LayerChanges } from './layer-rows.ts'
import type { Means } from './means.ts'
import type { Location } from './named-rows.ts'
import type { Trash } from './trash.ts'

const locations: readonly Location[] = ['stable', 'volatile']

/** New rows as incomplete, their content into place, then all rows as they shall be: a constant number of savings. */
export function appear(tables: WrittenLayers, changes: LayerChanges, means: Means): void {
  const added = new Set<string>(changes.added.map(({ id }) => id))
  const shown = (layer: Layer): Layer => (added.has(layer.id) ? markedIncomplete(layer) : layer)
  if (added.size > 0) {
    for (const location of locationsOf(changes)) {
      means.layers.save(location, rowsFor(tables, changes, location, shown), tables.locks.layers, 'intermediate')
    }
    for (const { id, content } of changes.added) content?.commit(id)
  }
  means.place(changes.placements)
  if (changes.added.some(({ content }) => content !== undefined)) means.contents.sync()
  const isOnlyRemoval = added.size === 0 && changes.removed.length > 0
  if (isOnlyRemoval) return
  for (const location of locationsOf(changes)) {
    const rows = rowsFor(tables, changes, location, (layer) => layer)
    means.layers.save(location, rows, tables.locks.layers, 'final')
  }
}

/** Rows that are going as incomplete (spec/store §4.3): saved when what is returned is called. Undefined: there is nothing to mark. */
export function prepareMarks(
  tables: WrittenLayers,
  changes: LayerChanges,
  means: Means,
  room: string | undefined,
): (() => void) | undefined {
  if (changes.removed.every(({ layer }) => isIncomplete(layer))) return undefined
  const saves = locationsOf(changes).map((location) => {
    const rows = rowsFor(tables, changes, location, (layer, row) =>
      row === 'removed' ? markedIncomplete(layer) : layer,
    )
    return means.layers.prepare(location, rows, 'intermediate', room)
  })
  return () => {
    for (const save of saves) save(tables.locks.layers)
  }
}

/** Content out of sight, then the rows away. What could not be removed stays marked. */
export function disappear(
  tables: WrittenLayers,
  changes: LayerChanges,
  means: Means,
  away: { readonly trash: Trash; readonly removals: Removal[] },
): void {
  if (changes.removed.length === 0) return
  const failures: unknown[] = []
  for (const { layer, location } of changes.removed) {
    try {
      away.removals.push(means.contents.remove(layer.id))
      away.trash.take(means.paths.tarSplit(layer.id))
      away.trash.take(means.paths.layerData(layer.id))
    } catch (error) {
      failures.push(error)
      tables.rows.load(markedIncomplete(layer), location)
    }
  }
  means.contents.sync()
  for (const location of locationsOf(changes)) {
    means.layers.save(location, tables.rows.rowsIn(location), tables.locks.layers, 'final')
  }
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures)
}

/** What a file shows: its rows, and those that are on their way out until their content is out of sight. */
function rowsFor(
  tables: WrittenLayers,
  changes: LayerChanges,
  location: Location,
  shown: (layer: Layer, row: 'kept' | 'removed') => Layer,
): readonly Layer[] {
  const kept = tables.rows.rowsIn(location).map((layer) => shown(layer, 'kept'))
  const removed = changes.removed.filter((row) => row.location === location)
  return [...kept, ...removed.map(({ layer }) => shown(layer, 'removed'))]
}

function locationsOf(changes: LayerChanges): readonly Location[] {
  return locations.filter((location) => changes.files.has(location))
}
