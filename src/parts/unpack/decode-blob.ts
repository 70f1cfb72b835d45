import { createInflater, detectCompression } from '#formats/compression'
import type { Compression } from '#model'
import { type BlobInput, openBlobInput } from './blob-input.ts'
import type { UnpackLimits } from './contract.ts'
import type { Found, Job } from './crew-job.ts'
import { checkCompressionRatio, withDefaults } from './limits.ts'
import type { SharedLine } from './shared-line.ts'

/** Brings the blob in, finds out what it is, and puts the tar that is in it on the line. */
export function decodeBlob(job: Job, line: SharedLine): Found['source'] {
  // Not a reader of the tar, but its writer.
  line.leave('tar')
  using input = openBlobInput(job.blob, line)
  const first = input.take() ?? new Uint8Array(0)
  const compression = detectCompression(first)
  if (compression === 'uncompressed') {
    line.setEncoding('plain')
    if (first.byteLength > 0) input.passOn()
  } else {
    line.setEncoding('compressed')
    inflate(compression, { first, input, line, limits: withDefaults(job.limits) })
    line.close('tar')
  }
  return { compression }
}

interface Inflating {
  readonly first: Uint8Array
  readonly input: BlobInput
  readonly line: SharedLine
  readonly limits: UnpackLimits
}

function inflate(compression: Compression, work: Inflating): void {
  using inflater = createInflater(compression)
  const output = new TarOutput(work.line)
  let taken = 0
  const emit = (piece: Uint8Array): void => {
    output.write(piece)
    checkCompressionRatio(work.limits, taken, output.size)
  }
  for (let input: Uint8Array | undefined = work.first; input !== undefined; input = work.input.take()) {
    taken += input.byteLength
    inflater.push(input, emit)
  }
  inflater.end(emit)
  output.flush()
}

/** Fills the slots of the tar ring to the brim, whatever the size of the pieces. */
class TarOutput {
  readonly #line: SharedLine
  #slot: Uint8Array | undefined
  #filled = 0
  size = 0

  constructor(line: SharedLine) {
    this.#line = line
  }

  write(piece: Uint8Array): void {
    for (let at = 0; at < piece.byteLength;) {
      this.#slot ??= this.#line.wait(() => this.#line.free('tar'))
      const part = piece.subarray(at, at + this.#slot.byteLength - this.#filled)
      this.#slot.set(part, this.#filled)
      this.#filled += part.byteLength
      at += part.byteLength
      if (this.#filled === this.#slot.byteLength) this.flush()
    }
    this.size += piece.byteLength
  }

  flush(): void {
    if (this.#filled > 0) this.#line.publish('tar', this.#filled)
    this.#slot = undefined
    this.#filled = 0
  }
}
