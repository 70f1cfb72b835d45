import { type ExclusiveLock, lockFile, type LockOptions, type LockToken } from '#ground/files'
import type { Cancellable } from '#model'
import { HeldTables, type LockedTables } from './held-tables.ts'
import { lockContainersForReading, lockContainersForWriting } from './locked-containers.ts'
import { lockImagesForReading, lockImagesForWriting } from './locked-images.ts'
import { lockLayersForReading, lockLayersForWriting } from './locked-layers.ts'
import type { Means } from './means.ts'
import type { Held, HoldOptions, Records } from './records.ts'
import type { Locks, NotPromise, Readers, Table, Transaction } from './table.ts'

export interface RecordStoreOptions {
  readonly means: Means
  /** Removes what crashed processes left in temporary directories. */
  readonly recover: () => Promise<void>
  readonly onWait?: LockOptions['onWait']
}

/** The record files of one store. What is in memory is shared by all who read; a writer has it to itself, by its lock. */
export class RecordStore implements Records {
  readonly #means: Means
  readonly #recover: () => Promise<void>
  readonly #onWait: LockOptions['onWait']
  #graphToken: LockToken | undefined
  #recovery: Promise<void> | undefined
  #recoveredAt = -1

  constructor(options: RecordStoreOptions) {
    this.#means = options.means
    this.#recover = options.recover
    this.#onWait = options.onWait
  }

  async transact<R extends Table = never, W extends Table = never, T = void>(
    locks: Locks<R, W>,
    body: (tx: Transaction<R, W>) => NotPromise<T>,
    options: Cancellable = {},
  ): Promise<T> {
    await using held = await this.#hold(locks, options)
    return held.transact(body)
  }

  async reading<R extends Table>(
    tables: readonly R[],
    options: Cancellable = {},
  ): Promise<Pick<Readers, R> & Disposable> {
    const held = await this.#hold({ read: tables }, options)
    return { ...held.tables, [Symbol.dispose]: () => held.release() }
  }

  async holding<R extends Table = never, W extends Table = never>(
    locks: Locks<R, W>,
    options: HoldOptions = {},
  ): Promise<Held<R, W>> {
    return await this.#hold(locks, options)
  }

  async #hold<R extends Table = never, W extends Table = never>(
    locks: Locks<R, W>,
    options: HoldOptions,
  ): Promise<HeldTables<R, W>> {
    const writes = new Set<Table>(locks.write ?? [])
    const wanted = new Set<Table>([...writes, ...(locks.read ?? [])])
    if (writes.has('layers')) await this.#recoverIfDue()
    using taken = new DisposableStack()
    const tables = await this.#lockInOrder(wanted, writes, taken, options)
    return new HeldTables<R, W>(this.#means, tables, taken.move())
  }

  /** The one place where locks are taken, in the one order of spec/store §3.3. */
  async #lockInOrder(
    wanted: ReadonlySet<Table>,
    writes: ReadonlySet<Table>,
    taken: DisposableStack,
    options: HoldOptions,
  ): Promise<LockedTables> {
    const wait: LockOptions = { ...options, ...(this.#onWait && { onWait: this.#onWait }) }
    const tables: { -readonly [K in keyof LockedTables]: LockedTables[K] } = {}
    if (wanted.has('layers')) {
      const graph = await this.#takeGraphLock(wait)
      if (options.graphLock === 'kept') tables.graph = taken.use(graph)
      else graph[Symbol.dispose]()
      const lock = writes.has('layers') ? lockLayersForWriting : lockLayersForReading
      tables.layers = taken.use(await lock(this.#means, wait))
    }
    if (wanted.has('images')) {
      const lock = writes.has('images') ? lockImagesForWriting : lockImagesForReading
      tables.images = taken.use(await lock(this.#means, wait))
    }
    if (wanted.has('containers')) {
      const lock = writes.has('containers') ? lockContainersForWriting : lockContainersForReading
      tables.containers = taken.use(await lock(this.#means, wait))
    }
    return tables
  }

  /**
   * Everybody who wants the layers goes through storage.lock for a moment: whoever shuts the store down holds it, and leaves a token by
   * which others know that what they have in memory is old.
   */
  async #takeGraphLock(wait: LockOptions): Promise<ExclusiveLock> {
    const graph = await lockFile(this.#means.paths.graphLock).lock('exclusive', wait)
    const token = graph.readToken()
    if (this.#graphToken !== undefined && token !== this.#graphToken) this.#means.layers.forget()
    this.#graphToken = token
    return graph
  }

  /**
   * Before the first writing, and again whenever somebody else has written. Each leftover has a lock of its own: no lock of the store
   * is needed.
   */
  async #recoverIfDue(): Promise<void> {
    const { loads } = this.#means.layers
    if (this.#recoveredAt !== loads) {
      this.#recoveredAt = loads
      this.#recovery = this.#recover()
    }
    try {
      await this.#recovery
    } catch (error) {
      // Whoever comes next tries again.
      this.#recoveredAt = -1
      throw error
    }
  }
}
