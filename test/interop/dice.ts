/** Chances that come out the same for the same seed: `SHALE_SEED` replays what a test printed. */
export class Dice {
  #state: number

  constructor(seed: number) {
    // Small seeds are alike in most bits: spread them.
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0 || 1
  }

  /** In [0, 1). */
  roll(): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) / 2 ** 32
  }

  chance(probability: number): boolean {
    return this.roll() < probability
  }

  oneOf<T>(choices: readonly [T, ...T[]] | readonly T[]): T {
    const chosen = choices[Math.floor(this.roll() * choices.length)]
    if (chosen === undefined) throw new Error('nothing to choose from')
    return chosen
  }
}

export const seed = Number(process.env['SHALE_SEED'] ?? Date.now() % 1_000_000)
