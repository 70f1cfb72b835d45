import { invalidXz } from './xz-fault.ts'

/** Room behind the dictionary, so that it is moved seldom; more than what is ever reserved at once. */
const leastSlack = 4 << 20

/**
 * What LZMA wrote last: output and dictionary at once. It grows with what is really written, never by the size that a header
 * declares, and slides when it has come to the dictionary's size.
 */
export class LzmaWindow {
  readonly #dictionaryBytes: number
  /** Public with `end`, because the decoder's innermost loop reads and writes it. */
  bytes = new Uint8Array(0)
  /** Where the next byte goes. */
  end = 0
  /** Where the dictionary begins: nothing before it may be referred to. */
  #begin = 0

  constructor(dictionaryBytes: number) {
    this.#dictionaryBytes = dictionaryBytes
  }

  /** How far back a match may reach. */
  get reach(): number {
    return Math.min(this.end - this.#begin, this.#dictionaryBytes)
  }

  forget(): void {
    this.#begin = this.end
  }

  /** Makes room for `length` bytes more, at most 1 MiB. Views given out before are no longer what they were. */
  reserve(length: number): void {
    if (this.end + length <= this.bytes.byteLength) return
    const kept = this.reach
    const from = this.bytes
    const most = this.#dictionaryBytes + Math.max(leastSlack, this.#dictionaryBytes >> 2)
    const wanted = (kept + length) * 2
    if (wanted > from.byteLength && from.byteLength < most) this.bytes = new Uint8Array(Math.min(most, wanted))
    this.bytes.set(from.subarray(this.end - kept, this.end))
    this.#begin = 0
    this.end = kept
  }

  append(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.end)
    this.end += bytes.byteLength
  }

  /** Repeats `length` bytes from `distance` + 1 back; source and target may overlap. */
  repeat(distance: number, length: number): void {
    if (distance >= this.reach) throw invalidXz('corrupt input: a match reaches behind the dictionary')
    const { bytes } = this
    let at = this.end
    for (let from = at - distance - 1; from < this.end - distance - 1 + length; from += 1) {
      bytes[at] = bytes[from] ?? 0
      at += 1
    }
    this.end = at
  }
}
