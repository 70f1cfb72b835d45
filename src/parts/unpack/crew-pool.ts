import { availableParallelism } from 'node:os'
import type { Cancellable } from '#model'
import { Crew } from './crew.ts'

/** Threads hold some 60 MB and take 30 ms to start: kept so long between two unpackings, then given back. */
const idleMilliseconds = 5000

/**
 * The crews of this process. One unpacking can use two cores and a half, so more at once than half the cores only share
 * what there is; a second one makes use of the time in which the first waits for the network or the disk.
 */
export class CrewPool {
  readonly #most: number
  readonly #idle = new Map<Crew, NodeJS.Timeout>()
  readonly #queue = new Set<(crew: Crew) => void>()
  #count = 0

  constructor(most = Math.min(4, Math.max(2, Math.floor(availableParallelism() / 2)))) {
    this.#most = most
  }

  /** Runs `work` with a crew of its own, as soon as there is one. @throws the signal's reason while it waits */
  async withCrew<T>(options: Cancellable, work: (crew: Crew) => Promise<T>): Promise<T> {
    const crew = this.#findIdle() ?? (await this.#nextFree(options))
    try {
      return await work(crew)
    } finally {
      this.#giveBack(crew)
    }
  }

  #findIdle(): Crew | undefined {
    for (const [crew, retirement] of this.#idle) {
      clearTimeout(retirement)
      this.#idle.delete(crew)
      if (!crew.isBroken) return crew
      this.#dismiss(crew)
    }
    if (this.#count === this.#most) return undefined
    this.#count += 1
    return new Crew()
  }

  #nextFree({ signal }: Cancellable): Promise<Crew> {
    return new Promise((resolve, reject) => {
      const hire = (crew: Crew): void => {
        signal?.removeEventListener('abort', cancel)
        resolve(crew)
      }
      const cancel = (): void => {
        this.#queue.delete(hire)
        reject(signal?.reason)
      }
      if (signal?.aborted === true) {
        cancel()
        return
      }
      this.#queue.add(hire)
      signal?.addEventListener('abort', cancel, { once: true })
    })
  }

  #giveBack(crew: Crew): void {
    const [next] = this.#queue
    if (next !== undefined) this.#queue.delete(next)
    if (crew.isBroken) {
      this.#dismiss(crew)
      if (next === undefined) return
      this.#count += 1
      next(new Crew())
      return
    }
    if (next !== undefined) {
      next(crew)
      return
    }
    const retirement = setTimeout(() => {
      this.#idle.delete(crew)
      this.#dismiss(crew)
    }, idleMilliseconds)
    this.#idle.set(crew, retirement.unref())
  }

  #dismiss(crew: Crew): void {
    this.#count -= 1
    void crew[Symbol.asyncDispose]()
  }
}
