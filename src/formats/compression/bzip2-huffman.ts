import type { Bzip2Bits } from './bzip2-bits.ts'
import { invalidBzip2 } from './bzip2-fault.ts'

const longestCode = 20
const quickBits = 10

/** A canonical Huffman code: codes of up to 10 bits by one look into a table, longer ones by their length. */
export class Bzip2Huffman {
  /** For the next 10 bits: symbol × 32 + length of its code; 0 where the code is longer or there is none. */
  readonly #quick = new Uint16Array(1 << quickBits)
  /** By length: the first code, the number of codes, and where their symbols begin. */
  readonly #first = new Int32Array(longestCode + 1)
  readonly #counts = new Int32Array(longestCode + 1)
  readonly #begin = new Int32Array(longestCode + 1)
  readonly #symbols: Uint16Array

  /** Throws Fault when there are more codes than their lengths allow. */
  constructor(lengths: Uint8Array) {
    this.#symbols = new Uint16Array(lengths.length)
    for (const length of lengths) this.#counts[length] = (this.#counts[length] ?? 0) + 1
    let [code, place] = [0, 0]
    for (let length = 1; length <= longestCode; length += 1) {
      const count = this.#counts[length] ?? 0
      this.#first[length] = code
      this.#begin[length] = place
      if (code + count > 1 << length) throw invalidBzip2('Huffman codes overlap')
      code = (code + count) << 1
      place += count
    }
    this.#assign(lengths)
  }

  #assign(lengths: Uint8Array): void {
    const used = new Int32Array(longestCode + 1)
    for (const [symbol, length] of lengths.entries()) {
      const rank = used[length] ?? 0
      used[length] = rank + 1
      this.#symbols[(this.#begin[length] ?? 0) + rank] = symbol
      if (length > quickBits) continue
      const from = ((this.#first[length] ?? 0) + rank) << (quickBits - length)
      this.#quick.fill(symbol * 32 + length, from, from + (1 << (quickBits - length)))
    }
  }

  read(bits: Bzip2Bits): number {
    const quick = this.#quick[bits.peek(quickBits)] ?? 0
    if (quick !== 0) {
      bits.skip(quick & 31)
      return quick >>> 5
    }
    return this.#readLong(bits)
  }

  #readLong(bits: Bzip2Bits): number {
    for (let length = quickBits + 1; length <= longestCode; length += 1) {
      const rank = bits.peek(length) - (this.#first[length] ?? 0)
      if (rank < (this.#counts[length] ?? 0)) {
        bits.skip(length)
        return this.#symbols[(this.#begin[length] ?? 0) + rank] ?? 0
      }
    }
    throw invalidBzip2('no such Huffman code')
  }
}
