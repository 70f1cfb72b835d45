import type { Extensions } from './entry-of-header.ts'
import { blockSize, textField } from './header-block.ts'
import { FieldInvalid } from './invalid.ts'
import { exceeded } from './limits.ts'
import { parsePaxRecords } from './pax-records.ts'
import { typeflag } from './typeflag.ts'

/** Go's bound on the data of one extension header. */
const mostData = 1024 * 1024
const nothing: Extensions = { paxRecords: undefined, gnuLongName: '', gnuLongLink: '' }

export function isExtension(flag: number): boolean {
  return (
    flag === typeflag.extendedHeader ||
    flag === typeflag.gnuLongName ||
    flag === typeflag.gnuLongLink ||
    flag === typeflag.globalHeader
  )
}

/** The headers that say something of the entry behind them, gathered until it comes; of two of a kind the later one counts. */
export class ExtensionHeaders {
  readonly #mostBytes: number
  #bytes = 0
  #gathered = nothing

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  get gathered(): Extensions {
    return this.#gathered
  }

  /** Refuses, by their header alone, data that is too long. */
  announce(size: number): void {
    if (size > mostData) throw new FieldInvalid('header field too long')
    this.#bytes += blockSize + size
    if (this.#bytes > this.#mostBytes) {
      throw exceeded('bytes of extension headers before one entry', this.#mostBytes, 'extensionBytes')
    }
  }

  /** Returns the records of a global header: it is an entry of its own. */
  take(flag: number, data: Buffer, at: number, size: number): ReadonlyMap<string, string> | undefined {
    switch (flag) {
      case typeflag.extendedHeader:
        this.#gathered = { ...this.#gathered, paxRecords: parsePaxRecords(data, at, size) }
        return undefined
      case typeflag.gnuLongName:
        this.#gathered = { ...this.#gathered, gnuLongName: textField(data, at, size) }
        return undefined
      case typeflag.gnuLongLink:
        this.#gathered = { ...this.#gathered, gnuLongLink: textField(data, at, size) }
        return undefined
      default:
        return parsePaxRecords(data, at, size)
    }
  }

  /** The entry has come. */
  clear(): void {
    this.#gathered = nothing
    this.#bytes = 0
  }
}
