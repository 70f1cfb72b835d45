import { Fault, textOfLayerPath } from '#model'
import type { TarHeader } from './header.ts'
import { endOfArchive, formatTarHeader } from './format-tar-header.ts'
import { padding } from './header-block.ts'
import { hasBody, typeflagOfKind } from './typeflag.ts'

const zeros = new Uint8Array(512)

/**
 * Writes a tar piece by piece, as Go's archive/tar does: for every entry `entry`, `body`* and `entryEnd`, then `end`. It can
 * stand behind a TarParser as its sink. What is given to `write` is valid during the call only.
 *
 * Throws Fault `size-mismatch` if a body is not what its header promised, and what formatTarHeader throws.
 */
export class TarWriter {
  readonly #write: (bytes: Uint8Array) => void
  readonly #format: 'any' | 'pax'
  #current: TarHeader | undefined
  #written = 0

  constructor(write: (bytes: Uint8Array) => void, format: 'any' | 'pax' = 'any') {
    this.#write = write
    this.#format = format
  }

  entry(header: TarHeader): void {
    this.#write(formatTarHeader(header, this.#format))
    this.#current = header
    this.#written = 0
  }

  body(bytes: Uint8Array): void {
    this.#written += bytes.byteLength
    if (this.#written > this.#promised()) throw this.#mismatch()
    this.#write(bytes)
  }

  entryEnd(): void {
    if (this.#written !== this.#promised()) throw this.#mismatch()
    const missing = padding(this.#written)
    if (missing > 0) this.#write(zeros.subarray(0, missing))
    this.#current = undefined
    this.#written = 0
  }

  end(): void {
    this.#write(endOfArchive)
  }

  #promised(): number {
    const header = this.#current
    if (header === undefined) return 0
    const flag = header.kind === 'other' ? (header.typeflag ?? 0) : typeflagOfKind(header.kind)
    return header.kind !== 'global-header' && hasBody(flag) ? (header.size ?? 0) : 0
  }

  #mismatch(): Fault {
    const what = this.#current === undefined ? '' : textOfLayerPath(this.#current.path)
    return new Fault({ code: 'size-mismatch', expected: this.#promised(), actual: this.#written, what })
  }
}
