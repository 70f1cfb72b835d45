import { closeSync, openSync, writeSync } from 'node:fs'
import { createDeflater, type Deflater } from '#formats/compression'
import type { TarSink } from '#formats/tar'
import { TarSplitRecorder } from '#formats/tarsplit'

/** A tar-split as it lies in the store: gzip of its lines (spec/drivers §11), made at the fastest level as the original does. */
export class TarSplitFile implements Disposable {
  /** What listens to the parser. */
  readonly sink: TarSink
  readonly #fd: number
  readonly #deflater: Deflater = createDeflater('gzip', { level: 1 })

  /** @throws Node's system error `EEXIST` if there is something at the path */
  constructor(path: string) {
    this.#fd = openSync(path, 'wx', 0o600)
    this.sink = new TarSplitRecorder((lines) => this.#deflater.push(lines, (bytes) => this.#write(bytes)))
  }

  /** After the sink's `end`. */
  finish(): void {
    this.#deflater.end((bytes) => this.#write(bytes))
  }

  #write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.byteLength;) at += writeSync(this.#fd, bytes, at)
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }
}
