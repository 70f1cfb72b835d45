import type { Cancellable } from '#model'
import type { Driver } from '#parts/drivers'
import type { Durability, Held, HoldOptions, Locks, NotPromise, Readers, Table, Transaction } from '#parts/records'

/**
 * Layers, images and containers on disk, shared with every other program that keeps to the format. A handful of members;
 * every operation is a function of a store, in its own file. Disposing gives back what this process holds: it unmounts no
 * layer and writes nothing.
 */
export interface Store extends AsyncDisposable {
  /** The graph root: what lasts. */
  readonly root: string
  /** The run root: what does not outlive a boot, such as mount counts. */
  readonly runRoot: string
  readonly driver: Driver
  /** `full`: an operation that has returned survives a power cut. `none`: it survives the process only. See docs/on-disk.md. */
  readonly durability: Durability
  /**
   * Decides under locks. The body is synchronous: nothing slow fits into it and nothing can outlive it. If it throws, nothing
   * is saved. Waiting for the locks is cancellable; once the body has run, the transaction is carried to its end.
   *
   * What it removed is deleted after the locks are given back: when that fails the promise rejects, though the records say it is gone; the
   * next writer tries again.
   *
   * Not for use inside a scope of `reading` or `holding` over the same tables: it would wait for itself.
   * @throws Fault `records-invalid`, `lock-timeout`; ErrnoError; whatever the body throws
   */
  transact<R extends Table = never, W extends Table = never, T = void>(
    locks: Locks<R, W>,
    body: (tx: Transaction<R, W>) => NotPromise<T>,
    options?: Cancellable,
  ): Promise<T>
  /** Holds read locks for a long look at several tables at once: checking the whole store. Writers wait meanwhile. */
  reading<R extends Table>(tables: readonly R[], options?: Cancellable): Promise<Pick<Readers, R> & Disposable>
  /** Holds locks over steps of which some are slow: attaching and detaching mounts has to happen under the lock of the layers. */
  holding<R extends Table = never, W extends Table = never>(
    locks: Locks<R, W>,
    options?: HoldOptions,
  ): Promise<Held<R, W>>
}

export type { Durability } from '#parts/records'
