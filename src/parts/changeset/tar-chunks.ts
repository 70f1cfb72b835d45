import { read } from '#ground/sys'
import { Fault, type LayerPath, textOfLayerPath } from '#model'
import { padding } from '#formats/tar'

const chunkSize = 256 * 1024
const zeros = new Uint8Array(512)

/** Gathers the pieces of an archive into chunks of one size: a few large ones instead of thousands of headers. */
export class TarChunks {
  #chunk = Buffer.allocUnsafeSlow(chunkSize)
  #used = 0;

  *put(bytes: Uint8Array): Generator<Uint8Array> {
    for (let done = 0; done < bytes.length;) {
      const piece = bytes.subarray(done, done + this.#chunk.length - this.#used)
      this.#chunk.set(piece, this.#used)
      done += piece.length
      yield* this.#took(piece.length)
    }
  }

  /** The body of a file, and its padding. @throws Fault `size-mismatch` if the file has become shorter: its size has been promised */
  *body(fd: number, size: number, path: LayerPath): Generator<Uint8Array> {
    for (let left = size; left > 0;) {
      const count = read(fd, this.#chunk.subarray(this.#used), Math.min(left, this.#chunk.length - this.#used))
      if (count === 0) {
        throw new Fault({ code: 'size-mismatch', expected: size, actual: size - left, what: textOfLayerPath(path) })
      }
      left -= count
      yield* this.#took(count)
    }
    yield* this.put(zeros.subarray(0, padding(size)))
  }

  *end(): Generator<Uint8Array> {
    if (this.#used > 0) yield this.#chunk.subarray(0, this.#used)
    this.#used = 0
  }

  *#took(count: number): Generator<Uint8Array> {
    this.#used += count
    if (this.#used < this.#chunk.length) return
    // A new one each time: whoever takes a chunk may keep it.
    yield this.#chunk
    this.#chunk = Buffer.allocUnsafeSlow(chunkSize)
    this.#used = 0
  }
}
