import type { ExclusiveLock } from '#ground/files'
import type { Layer } from '#model'
import type { ContainerChanges, ContainerRows } from './container-rows.ts'
import type { ImageChanges, ImageRows } from './image-rows.ts'
import { isIncomplete, type LayerLocks, markedIncomplete } from './layer-records.ts'
import type { LayerChanges, LayerRows } from './layer-rows.ts'
import type { Means } from './means.ts'
import type { Location } from './named-rows.ts'

export interface WrittenLayers {
  readonly rows: LayerRows
  readonly locks: LayerLocks<ExclusiveLock>
}

export interface WrittenTables {
  readonly layers: WrittenLayers | undefined
  readonly images: { readonly rows: ImageRows; readonly lock: ExclusiveLock } | undefined
  readonly containers: { readonly rows: ContainerRows; readonly lock: ExclusiveLock } | undefined
}

/** Bytes that are out of sight and wait to be deleted, outside of all locks. */
export interface Removal {
  finish(): Promise<void>
}

const locations: readonly Location[] = ['stable', 'volatile']

/**
 * Brings what a transaction's body did to the disk. What is referred to comes before what refers to it, and goes after it: new layers,
 * then images, then containers; then what is removed, the other way round. A crash at any point leaves layers that are marked
 * incomplete, which the next writer removes, or complete ones that nothing refers to yet or any more.
 */
export function carryOut(tables: WrittenTables, means: Means): readonly Removal[] {
  const layers = tables.layers?.rows.takeChanges()
  const images = tables.images?.rows.takeChanges()
  const containers = tables.containers?.rows.takeChanges()
  const removals: Removal[] = []

  if (tables.layers && layers) appear(tables.layers, layers, means)
  if (tables.images && images) saveImages(tables.images, images, means)
  if (tables.containers && containers) saveContainers(tables.containers, containers, means)
  removals.push(...removeData(images, containers, means))
  if (tables.layers && layers) {
    removals.push(...disappear(tables.layers, layers, means))
    if (layers.mounts) means.layers.saveMounts(tables.layers.rows, tables.layers.locks.mounts)
  }
  return removals
}

/** New rows as incomplete, their content into place, then all rows as they shall be: a constant number of savings. */
function appear(tables: WrittenLayers, changes: LayerChanges, means: Means): void {
  const added = new Set<string>(changes.added.map(({ id }) => id))
  if (added.size > 0) {
    saveLayers(tables, changes, means, 'intermediate', (layer) =>
      added.has(layer.id) ? markedIncomplete(layer) : layer,
    )
    for (const { id, content } of changes.added) content?.commit(id)
  }
  means.place(changes.placements)
  if (changes.added.some(({ content }) => content !== undefined)) means.contents.sync()
  const onlyRemoved = added.size === 0 && changes.files.size > 0 && changes.removed.length > 0
  if (!onlyRemoved) saveLayers(tables, changes, means, 'final', (layer) => layer)
}

function saveImages(tables: NonNullable<WrittenTables['images']>, changes: ImageChanges, means: Means): void {
  means.place(changes.placements)
  if (changes.changed) means.images.save(tables.rows, tables.lock)
}

function saveContainers(
  tables: NonNullable<WrittenTables['containers']>,
  changes: ContainerChanges,
  means: Means,
): void {
  means.place(changes.placements)
  for (const location of changes.files) means.containers.save(location, tables.rows, tables.lock)
}

/** Every directory that belonged to a record which nobody finds any more. */
function removeData(
  images: ImageChanges | undefined,
  containers: ContainerChanges | undefined,
  means: Means,
): readonly Removal[] {
  const directories = [
    ...(images?.removed ?? []).map((id) => means.paths.imageData(id)),
    ...(containers?.removed ?? []).flatMap((id) => [means.paths.containerData(id), means.paths.containerRunData(id)]),
  ]
  if (directories.length === 0) return []
  const trash = means.openTrash()
  for (const directory of directories) trash.take(directory)
  return [trash]
}

/** Rows as incomplete, their content out of sight, then the rows away (spec/store §4.3). What could not be removed stays incomplete. */
function disappear(tables: WrittenLayers, changes: LayerChanges, means: Means): readonly Removal[] {
  if (changes.removed.length === 0) return []
  if (!changes.removed.every(({ layer }) => isIncomplete(layer))) {
    saveLayers(tables, changes, means, 'intermediate', (layer, row) =>
      row === 'removed' ? markedIncomplete(layer) : layer,
    )
  }
  const trash = means.openTrash()
  const removals: Removal[] = [trash]
  const failures: unknown[] = []
  for (const { layer, location } of changes.removed) {
    try {
      removals.push(means.contents.remove(layer.id))
      trash.take(means.paths.tarSplit(layer.id))
      trash.take(means.paths.layerData(layer.id))
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
  return removals
}

/** Rows that are to be removed stand in the file until their content is out of sight. */
function saveLayers(
  tables: WrittenLayers,
  changes: LayerChanges,
  means: Means,
  step: 'intermediate' | 'final',
  shown: (layer: Layer, row: 'kept' | 'removed') => Layer,
): void {
  for (const location of locationsOf(changes)) {
    const kept = tables.rows.rowsIn(location).map((layer) => shown(layer, 'kept'))
    const removed = changes.removed.filter((row) => row.location === location)
    const rows = [...kept, ...removed.map(({ layer }) => shown(layer, 'removed'))]
    means.layers.save(location, rows, tables.locks.layers, step)
  }
}

function locationsOf(changes: LayerChanges): readonly Location[] {
  return locations.filter((location) => changes.files.has(location))
}
