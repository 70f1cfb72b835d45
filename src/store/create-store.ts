import type { Driver } from '#parts/drivers'
import type { Durability } from '#parts/records'
import type { Store } from './store.ts'

export interface StoreOptions {
  /** Absolute path; made with its directories (0700) if it is not there. */
  readonly graphRoot: string
  readonly runRoot: string
  readonly driver: Driver
  /** Default: `full`. */
  readonly durability?: Durability
}

/**
 * Opens a store: makes the directories and lock files that the format wants (spec/store §1.1). No lock is taken and no record
 * is read before the first operation. Disposing the store shuts the driver down in this process.
 * @throws ErrnoError when a directory cannot be made
 */
export async function createStore(options: StoreOptions): Promise<Store> {
  throw new Error(options.graphRoot)
}
