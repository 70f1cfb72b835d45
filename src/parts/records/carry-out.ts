import { readdirSync, rmdirSync } from 'node:fs'
import type { ExclusiveLock } from '#ground/files'
import type { ContainerChanges, ContainerRows } from './container-rows.ts'
import type { ImageChanges, ImageRows } from './image-rows.ts'
import { appear, disappear, prepareMarks } from './layer-steps.ts'
import type { LayerLocks } from './layer-records.ts'
import type { LayerRows } from './layer-rows.ts'
import type { Means } from './means.ts'
import type { Trash } from './trash.ts'

export interface WrittenLayers {
  readonly rows: LayerRows
  readonly locks: LayerLocks<ExclusiveLock>
}

export interface WrittenTables {
  readonly layers: WrittenLayers | undefined
  readonly images: WrittenImages | undefined
  readonly containers: WrittenContainers | undefined
}

interface WrittenImages {
  readonly rows: ImageRows
  readonly lock: ExclusiveLock
}

interface WrittenContainers {
  readonly rows: ContainerRows
  readonly lock: ExclusiveLock
}

/** Bytes that are out of sight and wait to be deleted, outside of all locks. */
export interface Removal {
  finish(): Promise<void>
}

/**
 * Brings what a transaction's body did to the disk. What is referred to comes before what refers to it, and goes after it: new layers,
 * then images and containers; then what is removed, the other way round. A crash at any point leaves layers that are marked
 * incomplete, which the next writer removes, or complete ones that nothing refers to yet or any more.
 *
 * Everything that may find the disk full is written before the first change that could not be taken back.
 */
export function carryOut(tables: WrittenTables, means: Means): readonly Removal[] {
  const trash = means.openTrash()
  const removals: Removal[] = [trash]
  const made: string[] = []
  try {
    const images = tables.images && prepareImages(tables.images, means, { trash, made })
    const containers = tables.containers && prepareContainers(tables.containers, means, { trash, made })
    const layers = tables.layers?.rows.takeChanges()
    const room = (images ?? containers) && trash.room()
    const marks = tables.layers && layers && prepareMarks(tables.layers, layers, means, room)

    if (tables.layers && layers) appear(tables.layers, layers, means)
    images?.()
    containers?.()
    if (tables.layers && layers) {
      marks?.()
      disappear(tables.layers, layers, means, { trash, removals })
      if (layers.mounts) means.layers.saveMounts(tables.layers.rows, tables.layers.locks.mounts)
    }
    return removals
  } catch (error) {
    removeEmpty(made)
    throw new CarryingFailed(error, removals)
  }
}

/** What went wrong half-way, with what had been put out of sight by then. */
export class CarryingFailed extends Error {
  readonly removals: readonly Removal[]
  constructor(cause: unknown, removals: readonly Removal[]) {
    super('a transaction could not be carried out', { cause })
    this.removals = removals
  }
}

interface Room {
  readonly trash: Trash
  /** Directories that were made for files to come. */
  readonly made: string[]
}

/** Undefined: there is nothing to save. */
function prepareImages({ rows, lock }: WrittenImages, means: Means, { trash, made }: Room): (() => void) | undefined {
  if (!rows.hasChanges) return undefined
  const changes: ImageChanges = rows.takeChanges()
  const room = trash.room()
  const placements = means.prepared(changes.placements, room, made)
  const save = changes.changed ? means.images.prepare(rows, room) : undefined
  return () => {
    means.place(placements)
    save?.(lock)
    for (const id of changes.removed) trash.take(means.paths.imageData(id))
  }
}

function prepareContainers(
  { rows, lock }: WrittenContainers,
  means: Means,
  { trash, made }: Room,
): (() => void) | undefined {
  if (!rows.hasChanges) return undefined
  const changes: ContainerChanges = rows.takeChanges()
  const room = trash.room()
  const placements = means.prepared(changes.placements, room, made)
  const saves = [...changes.files].map((location) => means.containers.prepare(location, rows, room))
  return () => {
    means.place(placements)
    for (const save of saves) save(lock)
    for (const id of changes.removed) {
      trash.take(means.paths.containerData(id))
      trash.take(means.paths.containerRunData(id))
    }
  }
}

/** What was made for nothing; what has got content meanwhile, or is gone, stays as it is. */
function removeEmpty(directories: readonly string[]): void {
  for (const directory of directories) if (readdirSync(directory).length === 0) rmdirSync(directory)
}
