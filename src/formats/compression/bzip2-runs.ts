import type { Bzip2Block } from './bzip2-block.ts'

/** A block's bytes in their order, with runs of four and a count drawn out to what they were. */
export class Bzip2Runs {
  readonly #entries: Uint32Array
  #left: number
  #next: number
  /** The byte written last, how often it stood there in a row, and how often it is still to be written. */
  #byte = -1
  #alike = 0
  #repeat = 0

  constructor(entries: Uint32Array, block: Bzip2Block) {
    this.#entries = entries
    this.#left = block.bytes
    this.#next = block.start
  }

  /** Writes as much as there is or as there is room for; returns how much. */
  fill(output: Uint8Array): number {
    const entries = this.#entries
    const room = output.length
    let [at, left, next, byte, alike] = [0, this.#left, this.#next, this.#byte, this.#alike]
    let repeat = this.#repeat
    for (;;) {
      for (; repeat > 0 && at < room; repeat -= 1) {
        output[at] = byte
        at += 1
      }
      if (left === 0 || at === room) break
      const entry = entries[next] ?? 0
      const value = entry & 0xff
      next = entry >>> 8
      left -= 1
      if (alike === 4) {
        repeat = value
        alike = 0
      } else {
        alike = value === byte ? alike + 1 : 1
        byte = value
        output[at] = value
        at += 1
      }
    }
    this.#repeat = repeat
    this.#left = left
    this.#next = next
    this.#byte = byte
    this.#alike = alike
    return at
  }
}
