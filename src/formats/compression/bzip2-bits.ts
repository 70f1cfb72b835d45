/**
 * Bits from the most significant end of each byte, as bzip2 packs them. Behind the last byte it goes on with zeros and says so in
 * `overrun`: a block has no length in front of it, so one is tried as soon as it may be there, and again with more input.
 */
export class Bzip2Bits {
  readonly #bytes: Uint8Array
  #next: number
  #bits = 0
  #count = 0

  constructor(bytes: Uint8Array, bitOffset: number) {
    this.#bytes = bytes
    this.#next = bitOffset >>> 3
    if ((bitOffset & 7) !== 0) this.read(bitOffset & 7)
  }

  /** The place of the next bit. */
  get bitOffset(): number {
    return this.#next * 8 - this.#count
  }

  /** Whether bits were looked at that are not there. Behind a block there is always more than one look ahead takes. */
  get overrun(): boolean {
    return this.#next > this.#bytes.byteLength
  }

  /** The next `length` bits (at most 24), which stay where they are. */
  peek(length: number): number {
    while (this.#count < length) {
      this.#bits = (this.#bits << 8) | (this.#bytes[this.#next] ?? 0)
      this.#next += 1
      this.#count += 8
    }
    return (this.#bits >>> (this.#count - length)) & ((1 << length) - 1)
  }

  skip(length: number): void {
    this.#count -= length
  }

  read(length: number): number {
    const value = this.peek(length)
    this.#count -= length
    return value
  }

  readUint32(): number {
    const high = this.read(16)
    return high * 0x1_0000 + this.read(16)
  }
}
