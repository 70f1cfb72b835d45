const nothing = Buffer.alloc(0)

/**
 * The input of a parser, chunk by chunk: makes a run of bytes contiguous (in place where the chunk holds all of it), and
 * remembers what was passed over, so that it can be told in one piece.
 */
export class Gatherer {
  /** Where the gathered run lies, valid until the next call. */
  block: Buffer = nothing
  blockAt = 0

  #chunk: Buffer = nothing
  #at = 0
  #skippedFrom = 0
  #before = 0
  #collected: Buffer = nothing
  #held = 0

  /** Bytes taken in since the beginning. */
  get offset(): number {
    return this.#before + this.#at
  }

  /** Bytes of a run that is not complete. */
  get held(): number {
    return this.#held
  }

  get available(): number {
    return this.#chunk.length - this.#at
  }

  give(chunk: Uint8Array): void {
    this.#before += this.#chunk.length
    this.#chunk = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    this.#at = 0
    this.#skippedFrom = 0
  }

  /** Passes over up to `length` bytes so that they lie contiguous at `block[blockAt]`. False: the chunk ended before. */
  gather(length: number): boolean {
    if (this.#held === 0 && this.available >= length) {
      this.block = this.#chunk
      this.blockAt = this.#at
      this.#at += length
      return true
    }
    this.#collect(Math.min(length - this.#held, this.available), length)
    if (this.#held < length) return false
    this.block = this.#collected
    this.blockAt = 0
    this.#held = 0
    return true
  }

  /** Room grows with the bytes that have come, whatever `wanted` says. */
  #collect(length: number, wanted: number): void {
    const needed = this.#held + length
    if (this.#collected.length < needed) {
      const larger = Buffer.alloc(Math.min(Math.max(512, 2 * needed), Math.max(512, wanted)))
      this.#collected.copy(larger, 0, 0, this.#held)
      this.#collected = larger
    }
    this.#chunk.copy(this.#collected, this.#held, this.#at, this.#at + length)
    this.#held = needed
    this.#at += length
  }

  skip(length: number): number {
    const skipped = Math.min(length, this.available)
    this.#at += skipped
    return skipped
  }

  /** The bytes passed over in this chunk since the last call. */
  takeSkipped(): Buffer | undefined {
    if (this.#skippedFrom === this.#at) return undefined
    const bytes = this.#chunk.subarray(this.#skippedFrom, this.#at)
    this.#skippedFrom = this.#at
    return bytes
  }

  forgetSkipped(): void {
    this.#skippedFrom = this.#at
  }

  /** A view of the next bytes of the chunk, `most` at most. */
  take(most: number): Buffer {
    const from = this.#at
    this.#at = Math.min(this.#chunk.length, from + most)
    this.#skippedFrom = this.#at
    return from === 0 && this.#at === this.#chunk.length ? this.#chunk : this.#chunk.subarray(from, this.#at)
  }
}
