import { closeSync, openSync, readSync } from 'node:fs'
import { Fault } from '#model'
import type { JobBlob } from './crew-job.ts'
import type { SharedLine } from './shared-line.ts'

/** The blob, slot by slot, for the thread that decompresses it. */
export interface BlobInput extends Disposable {
  /** The next stretch of the blob, valid until the next call; undefined at its end. @throws LineStopped */
  take(): Uint8Array | undefined
  /** What is left of the blob goes to the other readers without being looked at here. @throws LineStopped */
  passOn(): void
}

export function openBlobInput(blob: JobBlob, line: SharedLine): BlobInput {
  return blob.kind === 'file' ? new FileInput(blob, line) : new FedInput(line)
}

/** Reads a stretch of a file into the ring with plain read(2). */
class FileInput implements BlobInput {
  readonly #line: SharedLine
  readonly #path: string
  readonly #fd: number
  readonly #length: number | undefined
  #position: number
  #read = 0

  constructor(blob: Extract<JobBlob, { kind: 'file' }>, line: SharedLine) {
    this.#line = line
    this.#path = blob.path
    this.#length = blob.length
    this.#position = blob.offset
    // Not a reader of the ring, but its writer.
    line.leave('blob')
    this.#fd = openSync(blob.path, 'r')
  }

  take(): Uint8Array | undefined {
    const slot = this.#line.wait(() => this.#line.free('blob'))
    const bytes = this.#fill(slot)
    if (bytes === 0) {
      this.#line.close('blob')
      return undefined
    }
    this.#line.publish('blob', bytes)
    this.#line.countRead(this.#read)
    return slot.subarray(0, bytes)
  }

  passOn(): void {
    while (this.take() !== undefined);
  }

  #fill(slot: Uint8Array): number {
    let filled = 0
    while (filled < slot.byteLength) {
      const wanted = Math.min(slot.byteLength - filled, (this.#length ?? Infinity) - this.#read)
      if (wanted === 0) break
      const got = readSync(this.#fd, slot, filled, wanted, this.#position)
      if (got === 0) {
        this.#refuseShortFile()
        break
      }
      filled += got
      this.#read += got
      this.#position += got
    }
    return filled
  }

  #refuseShortFile(): void {
    if (this.#length === undefined) return
    throw new Fault({ code: 'size-mismatch', expected: this.#length, actual: this.#read, what: this.#path })
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }
}

/** Takes what the thread of the caller puts into the ring. */
class FedInput implements BlobInput {
  readonly #line: SharedLine
  #holdsSlot = false

  constructor(line: SharedLine) {
    this.#line = line
  }

  take(): Uint8Array | undefined {
    this.#release()
    const slot = this.#line.wait(() => this.#line.next('blob'))
    if (slot === 'end') return undefined
    this.#holdsSlot = true
    return slot
  }

  passOn(): void {
    this.#holdsSlot = false
    this.#line.leave('blob')
  }

  #release(): void {
    if (this.#holdsSlot) this.#line.release('blob')
    this.#holdsSlot = false
  }

  [Symbol.dispose](): void {
    this.#release()
  }
}
