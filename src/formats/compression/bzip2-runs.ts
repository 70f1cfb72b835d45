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
    let [at, left, next, byte, alike] = [0, this.#left, this.#next, this.#byte, this.#alike]
    const room = output.length
    for (;;) {
      if (this.#repeat > 0) {
        const count = Math.min(this.#repeat, room - at)
        output.fill(byte, at, at + count)
        this.#repeat -= count
        at += count
      }
      if (left === 0 || at === room) break
      const entry = entries[next] ?? 0
      next = entry >>> 8
      left -= 1
      if (alike === 4) {
        this.#repeat = entry & 0xff
        alike = 0
      } else {
        alike = (entry & 0xff) === byte ? alike + 1 : 1
        byte = entry & 0xff
        output[at] = byte
        at += 1
      }
    }
    this.#left = left
    this.#next = next
    this.#byte = byte
    this.#alike = alike
    return at
  }
}
