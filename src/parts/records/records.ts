import type { LockOptions } from '#ground/files'
import type { Cancellable, LayerId } from '#model'
import type { Locks, NotPromise, Readers, Table, Transaction } from './table.ts'

/**
 * `full`: what is committed survives a power cut: records are written with fdatasync, renamed, and their directory synced.
 * `none`: as the original does it, fdatasync of layers.json alone; a power cut may lose or tear the last operations.
 */
export type Durability = 'full' | 'none'

/** The content that belongs to the layer table, as far as it has to know: a driver is one. */
export interface LayerContents {
  /** Out of sight at once; the bytes go with `finish`. Content that is not there is no error. */
  remove(id: LayerId): { finish(): Promise<void> }
  /** Makes what `remove` and `StagedContent.commit` renamed durable. */
  sync(): void
  /** Directories in which leftovers of crashed processes are looked for. */
  readonly tempRoots: readonly string[]
}

export interface RecordsOptions {
  readonly root: string
  readonly runRoot: string
  readonly driverName: string
  readonly contents: LayerContents
  readonly durability: Durability
  /** Called after some seconds of waiting for a lock, and again: who has it, as far as that can be known. */
  readonly onWait?: LockOptions['onWait']
}

export interface HoldOptions extends Cancellable {
  /** `kept`: storage.lock too, which keeps everybody else from beginning anything with the layers. Default: `passed`. */
  readonly graphLock?: 'passed' | 'kept'
}

/** The record files of one store, their locks, and transactions over them. */
export interface Records {
  /** See `Store.transact`. */
  transact<R extends Table = never, W extends Table = never, T = void>(
    locks: Locks<R, W>,
    body: (tx: Transaction<R, W>) => NotPromise<T>,
    options?: Cancellable,
  ): Promise<T>
  /** See `Store.reading`. */
  reading<R extends Table>(tables: readonly R[], options?: Cancellable): Promise<Pick<Readers, R> & Disposable>
  /** See `Store.holding`. */
  holding<R extends Table = never, W extends Table = never>(
    locks: Locks<R, W>,
    options?: HoldOptions,
  ): Promise<Held<R, W>>
}

/** Locks that are kept over several steps, some of them slow. Disposing releases them and finishes removals. */
export interface Held<R extends Table = never, W extends Table = never> extends AsyncDisposable {
  /** What the tables say now. */
  readonly tables: Pick<Readers, R | W>
  /** A transaction under the locks that are held already. */
  transact<T = void>(body: (tx: Transaction<R, W>) => NotPromise<T>): T
  /** Lets other processes know that the driver has been shut down. Wants `graphLock: 'kept'`. */
  announceShutdown(): void
}
