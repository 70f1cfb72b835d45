import type { LzmaWindow } from './lzma-window.ts'
import { invalidXz } from './xz-fault.ts'

/** Where the groups of probabilities lie in the one array that holds them all. */
const isMatch = 0
const isRep = isMatch + 12 * 16
const isRepFirst = isRep + 12
const isRepSecond = isRepFirst + 12
const isRepThird = isRepSecond + 12
const isRepLong = isRepThird + 12
const distanceSlots = isRepLong + 12 * 16
const distanceBits = distanceSlots + 4 * 64
const alignBits = distanceBits + 128
const matchLengths = alignBits + 16
const repLengths = matchLengths + 514
const literals = repLengths + 514

/** Within a group of length probabilities: two choices, then 16 trees of 8, 16 trees of 8, one of 256. */
const lengthLow = 2
const lengthMid = lengthLow + 16 * 8
const lengthHigh = lengthMid + 16 * 8

/** A match is at most this long. */
export const longestMatch = 273

export interface LzmaProperties {
  readonly literalContextBits: number
  readonly literalPositionBits: number
  readonly positionBits: number
}

/**
 * LZMA as LZMA2 uses it (the format's specification by I. Pavlov): one state machine and one set of adaptive probabilities
 * that live on from chunk to chunk until one of them resets them. A chunk is given whole.
 */
export class LzmaDecoder {
  readonly #window: LzmaWindow
  #probabilities = new Uint16Array(literals)
  #literalMask = 0
  #contextBits = 0
  #positionMask = 0
  #state = 0
  #rep0 = 0
  #rep1 = 0
  #rep2 = 0
  #rep3 = 0
  /** Bytes since the dictionary was reset: the position that probabilities depend on. */
  #position = 0

  /** The range decoder. Both numbers are unsigned and kept as signed ones, which the machine likes better. */
  #range = 0
  #code = 0
  #input: Uint8Array = new Uint8Array(0)
  #next = 0

  constructor(window: LzmaWindow) {
    this.#window = window
  }

  setProperties(properties: LzmaProperties): void {
    this.#contextBits = properties.literalContextBits
    this.#literalMask = (1 << properties.literalPositionBits) - 1
    this.#positionMask = (1 << properties.positionBits) - 1
    const size = literals + (0x300 << (properties.literalContextBits + properties.literalPositionBits))
    if (this.#probabilities.length !== size) this.#probabilities = new Uint16Array(size)
    this.resetState()
  }

  resetState(): void {
    this.#probabilities.fill(1024)
    this.#state = 0
    this.#rep0 = this.#rep1 = this.#rep2 = this.#rep3 = 0
  }

  /** Counts bytes that came around the decoder; after a reset of the dictionary positions begin again. */
  advance(bytes: number): void {
    this.#position += bytes
  }

  resetPosition(): void {
    this.#position = 0
  }

  beginChunk(input: Uint8Array): void {
    this.#input = input
    // The first byte is always 0; the next four are the beginning of the code.
    if (input.byteLength < 5 || input[0] !== 0) throw invalidXz('corrupt input: no LZMA chunk')
    this.#code = ((input[1] ?? 0) << 24) | ((input[2] ?? 0) << 16) | ((input[3] ?? 0) << 8) | (input[4] ?? 0)
    this.#range = -1
    this.#next = 5
  }

  /** A chunk must have used its input to the last bit. */
  endChunk(): void {
    this.#normalize()
    if (this.#next !== this.#input.byteLength || this.#code !== 0)
      throw invalidXz('corrupt input: LZMA chunk and its size disagree')
  }

  /** Decodes at least `wanted` bytes into the window and at most `most`, which is where the chunk ends. The window has room. */
  decode(wanted: number, most: number): number {
    const window = this.#window
    const begin = window.end
    while (window.end - begin < wanted) {
      const before = window.end
      const positionState = this.#position & this.#positionMask
      if (this.#bit(isMatch + this.#state * 16 + positionState) === 0) {
        this.#literal()
      } else {
        const length = this.#match(positionState)
        if (before - begin + length > most) throw invalidXz('corrupt input: a match goes past the end of its chunk')
        window.repeat(this.#rep0, length)
      }
      this.#position += window.end - before
    }
    return window.end - begin
  }

  #literal(): void {
    const window = this.#window
    const reach = window.reach
    const previous = reach === 0 ? 0 : (window.bytes[window.end - 1] ?? 0)
    const context = ((this.#position & this.#literalMask) << this.#contextBits) + (previous >>> (8 - this.#contextBits))
    const group = literals + 0x300 * context
    let symbol = 1
    if (this.#state >= 7) {
      if (this.#rep0 >= reach) throw invalidXz('corrupt input: a match reaches behind the dictionary')
      symbol = this.#matchedLiteral(group, window.bytes[window.end - this.#rep0 - 1] ?? 0)
    }
    while (symbol < 0x100) symbol = symbol * 2 + this.#bit(group + symbol)
    window.bytes[window.end] = symbol
    window.end += 1
    this.#state = this.#state < 4 ? 0 : this.#state < 10 ? this.#state - 3 : this.#state - 6
  }

  /** The bits of a literal behind a match, guessed from the byte that follows the match's source, up to the first wrong guess. */
  #matchedLiteral(group: number, guess: number): number {
    let symbol = 1
    let rest = guess
    while (symbol < 0x100) {
      const expected = (rest >>> 7) & 1
      rest <<= 1
      const bit = this.#bit(group + ((1 + expected) << 8) + symbol)
      symbol = symbol * 2 + bit
      if (bit !== expected) break
    }
    return symbol
  }

  /** Reads a match: sets `rep0` to its distance and returns its length. */
  #match(positionState: number): number {
    const state = this.#state
    if (this.#bit(isRep + state) === 0) {
      this.#rep3 = this.#rep2
      this.#rep2 = this.#rep1
      this.#rep1 = this.#rep0
      const length = this.#length(matchLengths, positionState)
      this.#state = state < 7 ? 7 : 10
      this.#rep0 = this.#distance(length)
      return length
    }
    if (this.#bit(isRepFirst + state) === 0) {
      if (this.#bit(isRepLong + state * 16 + positionState) === 0) {
        this.#state = state < 7 ? 9 : 11
        return 1
      }
    } else {
      this.#rotate(state)
    }
    this.#state = state < 7 ? 8 : 11
    return this.#length(repLengths, positionState)
  }

  /** Brings one of the older distances to the front. */
  #rotate(state: number): void {
    let distance = this.#rep1
    if (this.#bit(isRepSecond + state) !== 0) {
      if (this.#bit(isRepThird + state) === 0) {
        distance = this.#rep2
      } else {
        distance = this.#rep3
        this.#rep3 = this.#rep2
      }
      this.#rep2 = this.#rep1
    }
    this.#rep1 = this.#rep0
    this.#rep0 = distance
  }

  #length(group: number, positionState: number): number {
    if (this.#bit(group) === 0) return 2 + this.#tree(group + lengthLow + positionState * 8, 3)
    if (this.#bit(group + 1) === 0) return 10 + this.#tree(group + lengthMid + positionState * 8, 3)
    return 18 + this.#tree(group + lengthHigh, 8)
  }

  #distance(length: number): number {
    const slot = this.#tree(distanceSlots + Math.min(length - 2, 3) * 64, 6)
    if (slot < 4) return slot
    const bits = (slot >>> 1) - 1
    const base = (2 | (slot & 1)) * 2 ** bits
    if (slot < 14) return base + this.#reverseTree(distanceBits + base - slot, bits)
    // Unsigned: distances go up to 2^32. The largest is the end mark of LZMA, which LZMA2 does not have; it is out of reach.
    return base + this.#directBits(bits - 4) * 16 + this.#reverseTree(alignBits, 4)
  }

  #tree(group: number, bits: number): number {
    let symbol = 1
    for (let left = bits; left > 0; left -= 1) symbol = symbol * 2 + this.#bit(group + symbol)
    return symbol - (1 << bits)
  }

  #reverseTree(group: number, bits: number): number {
    let [node, symbol] = [1, 0]
    for (let place = 0; place < bits; place += 1) {
      const bit = this.#bit(group + node)
      node = node * 2 + bit
      symbol |= bit << place
    }
    return symbol
  }

  #directBits(bits: number): number {
    let value = 0
    for (let left = bits; left > 0; left -= 1) {
      this.#normalize()
      this.#range >>>= 1
      const below = this.#code >>> 0 < this.#range
      if (!below) this.#code = (this.#code - this.#range) | 0
      value = value * 2 + (below ? 0 : 1)
    }
    return value
  }

  #bit(index: number): number {
    this.#normalize()
    const probability = this.#probabilities[index] ?? 0
    const bound = Math.imul(this.#range >>> 11, probability)
    if (this.#code >>> 0 < bound >>> 0) {
      this.#range = bound
      this.#probabilities[index] = probability + ((2048 - probability) >>> 5)
      return 0
    }
    this.#range = (this.#range - bound) | 0
    this.#code = (this.#code - bound) | 0
    this.#probabilities[index] = probability - (probability >>> 5)
    return 1
  }

  #normalize(): void {
    if (this.#range >>> 24 !== 0) return
    this.#range <<= 8
    // Behind the end come zeros: `endChunk` notices that more was read than there is.
    this.#code = (this.#code << 8) | (this.#input[this.#next] ?? 0)
    this.#next += 1
  }
}
