import { lockFile, type LockOptions } from '#ground/files'
import { Fault } from '#model'
import { CarryingFailed, carryOut, type Removal, type WrittenLayers } from './carry-out.ts'
import type { LayerDefects, LayerLocks } from './layer-records.ts'
import type { LayerRows } from './layer-rows.ts'
import type { Means } from './means.ts'

/** The layer table under its locks. Disposing gives the locks back. */
export interface LockedLayers<
  Written extends WrittenLayers | undefined = WrittenLayers | undefined,
> extends Disposable {
  readonly rows: LayerRows
  /** Present if it may be changed. */
  readonly written: Written
  /** What a repair has put out of sight. */
  readonly removals: readonly Removal[]
}

const mostCleanups = 3

/**
 * The table for reading. A reader that finds layers a crash left incomplete waits for the exclusive lock, has them removed, and
 * reads again (spec/store §3.4).
 */
export async function lockLayersForReading(means: Means, options: LockOptions): Promise<LockedLayers<undefined>> {
  for (let cleanups = 0; ; cleanups++) {
    const found = await readLayers(means, options)
    if (found.rows !== undefined) return { ...found, rows: found.rows, written: undefined, removals: [] }
    found[Symbol.dispose]()
    if (cleanups === mostCleanups) {
      const problem = `(even after ${mostCleanups} cleanup attempts:) an incomplete layer exists and can't be cleaned up`
      throw new Fault({ code: 'records-invalid', path: means.paths.layersFile, problem })
    }
    await repairLayers(means, options)
  }
}

async function repairLayers(means: Means, options: LockOptions): Promise<void> {
  const written = await lockLayersForWriting(means, options)
  written[Symbol.dispose]()
  for (const removal of written.removals) await removal.finish()
}

/** The table for changing it, after what a crash left incomplete has been removed. */
export async function lockLayersForWriting(means: Means, options: LockOptions): Promise<LockedLayers<WrittenLayers>> {
  using locks = new DisposableStack()
  const layers = locks.use(await lockFile(means.paths.layersLock).lock('exclusive', options))
  const mounts = locks.use(await lockFile(means.paths.mountsLock).lock('exclusive', options))
  const { rows, removals } = await repaired({ layers, mounts }, means)
  const held = locks.move()
  return { rows, written: { rows, locks: { layers, mounts } }, removals, [Symbol.dispose]: () => held.dispose() }
}

async function repaired(locks: WrittenLayers['locks'], means: Means): Promise<ReturnType<typeof repairedLayers>> {
  try {
    return repairedLayers(locks, means)
  } catch (error) {
    if (!(error instanceof CarryingFailed)) throw error
    for (const removal of error.removals) await removal.finish()
    throw error.cause
  }
}

/** The table as it is on disk, put right where it has to be. @throws CarryingFailed */
export function repairedLayers(
  locks: WrittenLayers['locks'],
  means: Means,
): { readonly rows: LayerRows; readonly removals: readonly Removal[] } {
  const { rows, defects } = means.layers.current(locks)
  if (defects === undefined) return { rows, removals: [] }
  markRepairs(rows, defects)
  const removals = carryOut({ layers: { rows, locks }, images: undefined, containers: undefined }, means)
  means.layers.adopt(rows, locks)
  return { rows, removals }
}

function markRepairs(rows: LayerRows, defects: LayerDefects): void {
  for (const id of defects.renamed) rows.markForSaving(id)
  for (const id of defects.incomplete) rows.remove(id)
}

/** Without rows if they cannot be used before a repair. */
async function readLayers(
  means: Means,
  options: LockOptions,
): Promise<{ readonly rows: LayerRows | undefined } & Disposable> {
  using locks = new DisposableStack()
  const layers = locks.use(await lockFile(means.paths.layersLock).lock('shared', options))
  using mounts = await lockFile(means.paths.mountsLock).lock('shared', options)
  const { rows, defects } = means.layers.current({ layers, mounts } satisfies LayerLocks)
  const held = locks.move()
  return { rows: defects === undefined ? rows : undefined, [Symbol.dispose]: () => held.dispose() }
}
