import { type ExclusiveLock, lockFile, type LockOptions } from '#ground/files'
import type { ContainerRows } from './container-rows.ts'
import type { Means } from './means.ts'

/** The container table under its lock. `lock` is there if it may be changed. */
export interface LockedContainers extends Disposable {
  readonly rows: ContainerRows
  readonly lock: ExclusiveLock | undefined
}

/** As for images. */
export async function lockContainersForReading(means: Means, options: LockOptions): Promise<LockedContainers> {
  for (;;) {
    using locks = new DisposableStack()
    const lock = locks.use(await lockFile(means.paths.containersLock).lock('shared', options))
    const { rows, renamed } = means.containers.current(lock)
    if (renamed.length === 0) {
      const held = locks.move()
      return { rows, lock: undefined, [Symbol.dispose]: () => held.dispose() }
    }
    locks.dispose()
    using _repaired = await lockContainersForWriting(means, options)
  }
}

export async function lockContainersForWriting(means: Means, options: LockOptions): Promise<LockedContainers> {
  using locks = new DisposableStack()
  const lock = locks.use(await lockFile(means.paths.containersLock).lock('exclusive', options))
  const rows = repairedContainers(lock, means)
  const held = locks.move()
  return { rows, lock, [Symbol.dispose]: () => held.dispose() }
}

export function repairedContainers(lock: ExclusiveLock, means: Means): ContainerRows {
  const { rows, renamed } = means.containers.current(lock)
  if (renamed.length === 0) return rows
  for (const id of renamed) rows.markForSaving(id)
  for (const location of rows.takeChanges().files) means.containers.prepare(location, rows)(lock)
  means.containers.adopt(rows, lock)
  return rows
}
