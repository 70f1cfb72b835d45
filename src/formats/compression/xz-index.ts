import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

import { findVariable, readUint32 } from './xz-header.ts'
import { invalidXz } from './xz-fault.ts'
import type { InputBuffer } from './input-buffer.ts'

/** What the index has to say of a block. */
export interface XzRecord {
  /** Header, data and check, without padding. */
  readonly unpaddedBytes: number
  readonly uncompressedBytes: number
}

/**
 * Compares the blocks that were read with the list of them at the end of the stream. Both lists are only hashed, so that a
 * stream of millions of blocks needs no more memory than one of a single block.
 */
export class XzIndex {
  readonly #seen = createHash('sha256')
  readonly #listed = createHash('sha256')
  #blocks = 0
  #unread: number | undefined
  #bytes = 0
  #crc = 0

  add(record: XzRecord): void {
    this.#blocks += 1
    this.#seen.update(asText(record))
  }

  /** The index as it is stored, with its CRC; known once `read` has returned true. */
  get bytes(): number {
    return this.#bytes
  }

  /** Reads on; false when more input is needed. Throws Fault when the list is not that of the blocks. */
  read(input: InputBuffer): boolean {
    if (this.#unread === undefined) {
      if (!this.#readCount(input)) return false
    }
    while ((this.#unread ?? 0) > 0) {
      if (!this.#readRecord(input)) return false
    }
    return this.#readEnd(input)
  }

  /** Behind the byte that tells an index from a block. */
  #readCount(input: InputBuffer): boolean {
    const count = findVariable(input.bytes, 1)
    if (count === undefined) return false
    if (count.value !== this.#blocks) throw invalidXz('index does not list the blocks that were read')
    this.#take(input, count.next)
    this.#unread = count.value
    return true
  }

  #readRecord(input: InputBuffer): boolean {
    const unpadded = findVariable(input.bytes, 0)
    const uncompressed = unpadded && findVariable(input.bytes, unpadded.next)
    if (uncompressed === undefined) return false
    this.#listed.update(asText({ unpaddedBytes: unpadded?.value ?? 0, uncompressedBytes: uncompressed.value }))
    this.#take(input, uncompressed.next)
    this.#unread = (this.#unread ?? 0) - 1
    return true
  }

  #readEnd(input: InputBuffer): boolean {
    const padding = (4 - (this.#bytes % 4)) % 4
    if (input.length < padding + 4) return false
    if (input.bytes.subarray(0, padding).some((byte) => byte !== 0)) throw invalidXz('index padding is not zero')
    this.#take(input, padding)
    if (readUint32(input.bytes, 0) !== this.#crc) throw invalidXz('index checksum mismatch')
    this.#take(input, 4)
    if (!this.#seen.digest().equals(this.#listed.digest()))
      throw invalidXz('index does not list the blocks that were read')
    return true
  }

  #take(input: InputBuffer, length: number): void {
    this.#crc = crc32(input.bytes.subarray(0, length), this.#crc)
    this.#bytes += length
    input.consume(length)
  }
}

function asText(record: XzRecord): string {
  return `${record.unpaddedBytes} ${record.uncompressedBytes}\n`
}
