import type { TarSink } from './sink.ts'
import type { SparseMap } from './sparse-map.ts'

let zeros: Buffer | undefined

/** Unfolds the body of one sparse file: its stored bytes go in, the bytes a reader of the file sees come out. */
export class SparseBody {
  readonly #map: SparseMap
  readonly #size: number
  readonly #sink: TarSink
  #region = 0
  #position = 0

  constructor(map: SparseMap, size: number, sink: TarSink) {
    this.#map = map
    this.#size = size
    this.#sink = sink
  }

  /** Tells the stored bytes at their places, and every hole as soon as it is reached: the first call may be with no bytes. */
  take(stored: Uint8Array): void {
    let at = 0
    this.#skipHole()
    while (at < stored.byteLength) {
      const length = Math.min(stored.byteLength - at, this.#regionEnd() - this.#position)
      this.#sink.body(stored.subarray(at, at + length))
      at += length
      this.#position += length
      this.#skipHole()
    }
  }

  #regionEnd(): number {
    return this.#map.offset(this.#region) + this.#map.length(this.#region)
  }

  /** Zeros up to the next region that has bytes, or to the end. */
  #skipHole(): void {
    while (this.#region < this.#map.regions && this.#regionEnd() <= this.#position) this.#region++
    while (this.#region < this.#map.regions && this.#map.length(this.#region) === 0) this.#region++
    const end = this.#region < this.#map.regions ? this.#map.offset(this.#region) : this.#size
    zeros ??= Buffer.alloc(256 * 1024)
    while (this.#position < end) {
      const length = Math.min(end - this.#position, zeros.byteLength)
      this.#position += length
      this.#sink.body(length === zeros.byteLength ? zeros : zeros.subarray(0, length))
    }
  }
}
