/** Input that has come and is not used up: appended at one end, consumed at the other, whole units looked at in place. */
export class InputBuffer {
  #bytes = new Uint8Array(1 << 16)
  #start = 0
  #end = 0

  get length(): number {
    return this.#end - this.#start
  }

  /** What is there; valid until the next `append`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end)
  }

  append(input: Uint8Array): void {
    if (this.#end + input.byteLength > this.#bytes.byteLength) this.#makeRoom(this.length + input.byteLength)
    this.#bytes.set(input, this.#end)
    this.#end += input.byteLength
  }

  consume(length: number): void {
    this.#start += length
  }

  #makeRoom(wanted: number): void {
    const from = this.bytes
    // Twice what is wanted, so that input in crumbs is not moved for every crumb.
    if (wanted * 2 > this.#bytes.byteLength) {
      this.#bytes = new Uint8Array(wanted * 2)
      this.#bytes.set(from)
    } else {
      this.#bytes.copyWithin(0, this.#start, this.#end)
    }
    this.#end = from.byteLength
    this.#start = 0
  }
}
