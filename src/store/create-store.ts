import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { LockOptions } from '#ground/files'
import type { Driver } from '#parts/drivers'
import { type Durability, openRecords, type RecordPaths } from '#parts/records'
import { pathsOf } from './paths.ts'
import type { Store } from './store.ts'

export interface StoreOptions {
  /** Absolute path; made with its directories (0700) if it is not there. */
  readonly graphRoot: string
  readonly runRoot: string
  readonly driver: Driver
  /** Default: `full`. */
  readonly durability?: Durability
  /** Called after some seconds of waiting for a lock, and again: who has it, as far as that can be known. */
  readonly onWait?: LockOptions['onWait']
}

/**
 * Opens a store: makes the directories and lock files that the format wants (spec/store §1.1). No lock is taken and no record
 * is read before the first operation. Disposing it leaves mounts and the driver's own mount as they are: other processes use them
 * too (see `shutdown`).
 * @throws ErrnoError when a directory cannot be made
 */
export async function createStore(options: StoreOptions): Promise<Store> {
  const { graphRoot: root, runRoot, driver } = options
  const durability = options.durability ?? 'full'
  const paths = pathsOf({ root, runRoot, driver })
  makeDirectories(paths, runRoot)
  makeLockFiles([paths.graphLock, join(root, 'userns.lock'), paths.imagesLock, paths.containersLock])
  const records = openRecords({
    root,
    runRoot,
    driverName: driver.name,
    contents: driver,
    durability,
    ...(options.onWait && { onWait: options.onWait }),
  })
  return {
    root,
    runRoot,
    driver,
    durability,
    transact: async (locks, body, how) => records.transact(locks, body, how),
    reading: async (tables, how) => records.reading(tables, how),
    holding: async (locks, how) => records.holding(locks, how),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

function makeDirectories(paths: RecordPaths, runRoot: string): void {
  const directories = [
    dirname(paths.graphLock),
    runRoot,
    paths.layers,
    dirname(paths.mountsLock),
    paths.images,
    paths.containers,
    paths.runContainers,
    paths.digestLocks,
  ]
  for (const directory of directories) mkdirSync(directory, { recursive: true, mode: 0o700 })
}

// As the original does it, though nothing needs them yet: another program may have opened the directory to look for them.
function makeLockFiles(paths: readonly string[]): void {
  for (const path of paths) closeSync(openSync(path, 'a', 0o644))
}
