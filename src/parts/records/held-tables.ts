import type { ExclusiveLock } from '#ground/files'
import { CarryingFailed, carryOut, type Removal, type WrittenTables } from './carry-out.ts'
import { type LockedContainers, repairedContainers } from './locked-containers.ts'
import { type LockedImages, repairedImages } from './locked-images.ts'
import { type LockedLayers, repairedLayers } from './locked-layers.ts'
import type { Means } from './means.ts'
import type { Held } from './records.ts'
import type { NotPromise, Readers, Table, Transaction } from './table.ts'

export interface LockedTables {
  readonly graph?: ExclusiveLock
  readonly layers?: LockedLayers
  readonly images?: LockedImages
  readonly containers?: LockedContainers
}

/** Tables under their locks, and the transactions over them. */
export class HeldTables<R extends Table, W extends Table> implements Held<R, W> {
  readonly #means: Means
  readonly #locks: DisposableStack
  readonly #removals: Removal[]
  #tables: LockedTables
  #broken: unknown

  constructor(means: Means, tables: LockedTables, locks: DisposableStack) {
    this.#means = means
    this.#tables = tables
    this.#locks = locks
    this.#removals = [...(tables.layers?.removals ?? [])]
  }

  get tables(): Pick<Readers, R | W> {
    return rowsOf(this.#tables) as Pick<Readers, R | W>
  }

  transact<T = void>(body: (tx: Transaction<R, W>) => NotPromise<T>): T {
    if (this.#broken !== undefined) throw this.#broken
    let state: 'deciding' | 'saving' = 'deciding'
    try {
      const result = body(rowsOf(this.#tables) as Transaction<R, W>)
      refusePromise(result)
      state = 'saving'
      this.#removals.push(...carryOut(this.#written(), this.#means))
      return result
    } catch (error) {
      throw this.#undone(state, this.#causeOf(error))
    }
  }

  announceShutdown(): void {
    this.#tables.graph?.writeToken()
  }

  /** Gives the locks back; what was put out of sight waits for `finish`. */
  release(): void {
    this.#locks.dispose()
  }

  /** Deletes what the transactions put out of sight. @throws the first failure, after all have been tried */
  async [Symbol.asyncDispose](): Promise<void> {
    this.release()
    const results = await Promise.allSettled(this.#removals.splice(0).map((removal) => removal.finish()))
    const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures)
  }

  #written(): WrittenTables {
    const { layers, images, containers } = this.#tables
    return {
      layers: layers?.written,
      images: images?.lock && { rows: images.rows, lock: images.lock },
      containers: containers?.lock && { rows: containers.rows, lock: containers.lock },
    }
  }

  /**
   * The tables as they are on disk again. If saving had begun, layers may stand there marked incomplete: they are removed at once,
   * so that a failed transaction leaves nothing; if even that fails (the disk is full), the next writer does it.
   */
  #undone(state: 'deciding' | 'saving', error: unknown): unknown {
    if (state === 'deciding' && !this.#changed()) return error
    this.#forgetWritten()
    try {
      this.#reload()
    } catch (second) {
      // The first error is what the caller has to hear. What is in memory is not what is on disk: these locks are good for nothing more.
      this.#broken = this.#causeOf(second)
    }
    return error
  }

  /** What had been put out of sight when it failed is deleted with everything else. */
  #causeOf(error: unknown): unknown {
    if (!(error instanceof CarryingFailed)) return error
    this.#removals.push(...error.removals)
    return error.cause
  }

  #changed(): boolean {
    const { layers, images, containers } = this.#written()
    return [layers, images, containers].some((table) => table?.rows.hasChanges === true)
  }

  #forgetWritten(): void {
    const { layers, images, containers } = this.#written()
    if (layers) this.#means.layers.forget()
    if (images) this.#means.images.forget()
    if (containers) this.#means.containers.forget()
  }

  #reload(): void {
    const { layers, images, containers } = this.#tables
    const reloaded: { -readonly [K in keyof LockedTables]: LockedTables[K] } = { ...this.#tables }
    if (layers?.written) {
      const { rows, removals } = repairedLayers(layers.written.locks, this.#means)
      this.#removals.push(...removals)
      reloaded.layers = { ...layers, rows, written: { ...layers.written, rows } }
    }
    if (images?.lock) reloaded.images = { ...images, rows: repairedImages(images.lock, this.#means) }
    if (containers?.lock) {
      reloaded.containers = { ...containers, rows: repairedContainers(containers.lock, this.#means) }
    }
    this.#tables = reloaded
  }
}

function rowsOf(tables: LockedTables): Partial<Readers> {
  return {
    ...(tables.layers && { layers: tables.layers.rows }),
    ...(tables.images && { images: tables.images.rows }),
    ...(tables.containers && { containers: tables.containers.rows }),
  }
}

// The type says so already; a body that got past it would run on after its locks are gone.
function refusePromise(result: unknown): void {
  if (typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function') {
    throw new TypeError('the body of a transaction must not be asynchronous')
  }
}
