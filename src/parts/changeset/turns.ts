import type { Cancellable } from '#model'

const longestTurn = 10

/** Cuts synchronous work into turns, so that the event loop is looked at in between and an abort signal is heard. */
export class Turns {
  readonly #signal: AbortSignal | undefined
  #began = performance.now()

  constructor(options: Cancellable) {
    options.signal?.throwIfAborted()
    this.#signal = options.signal
  }

  /** Something to wait for when the turn has been long enough; else undefined, which costs nothing. */
  over(): Promise<void> | undefined {
    return performance.now() - this.#began < longestTurn ? undefined : this.#next()
  }

  async #next(): Promise<void> {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    this.#signal?.throwIfAborted()
    this.#began = performance.now()
  }
}
