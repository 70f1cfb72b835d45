import { type ExclusiveLock, lockFile, type LockOptions } from '#ground/files'
import type { ImageRows } from './image-rows.ts'
import type { Means } from './means.ts'

/** The image table under its lock. `lock` is there if it may be changed. */
export interface LockedImages extends Disposable {
  readonly rows: ImageRows
  readonly lock: ExclusiveLock | undefined
}

/** A reader that finds a name on two images has the table repaired, once, and reads again (spec/store §3.4). */
export async function lockImagesForReading(means: Means, options: LockOptions): Promise<LockedImages> {
  for (;;) {
    using locks = new DisposableStack()
    const lock = locks.use(await lockFile(means.paths.imagesLock).lock('shared', options))
    const { rows, repaired } = means.images.current(lock)
    if (!repaired) {
      const held = locks.move()
      return { rows, lock: undefined, [Symbol.dispose]: () => held.dispose() }
    }
    locks.dispose()
    using _repaired = await lockImagesForWriting(means, options)
  }
}

export async function lockImagesForWriting(means: Means, options: LockOptions): Promise<LockedImages> {
  using locks = new DisposableStack()
  const lock = locks.use(await lockFile(means.paths.imagesLock).lock('exclusive', options))
  const rows = repairedImages(lock, means)
  const held = locks.move()
  return { rows, lock, [Symbol.dispose]: () => held.dispose() }
}

export function repairedImages(lock: ExclusiveLock, means: Means): ImageRows {
  const { rows, repaired } = means.images.current(lock)
  if (!repaired) return rows
  means.images.prepare(rows)(lock)
  means.images.adopt(rows, lock)
  return rows
}
