import { pieceBytes } from './decoder.ts'
import type { InputBuffer } from './input-buffer.ts'
import { longestMatch, LzmaDecoder } from './lzma-decoder.ts'
import { LzmaWindow } from './lzma-window.ts'
import { invalidXz } from './xz-fault.ts'

/** What the next chunk has to reset before it may go on. */
type Missing = 'dictionary' | 'properties' | 'nothing'

/** LZMA2: chunks with their sizes in front, so that each is decoded when it is there as a whole (64 KiB at most). */
export class Lzma2Decoder {
  readonly #window: LzmaWindow
  readonly #lzma: LzmaDecoder
  readonly #input: InputBuffer
  #missing: Missing = 'dictionary'
  /** Output that the current LZMA chunk still has to make. */
  #chunkLeft = 0
  #ended = false
  #consumed = 0

  constructor(input: InputBuffer, dictionaryBytes: number) {
    this.#input = input
    this.#window = new LzmaWindow(dictionaryBytes)
    this.#lzma = new LzmaDecoder(this.#window)
  }

  /** Whether the end mark was met. */
  get ended(): boolean {
    return this.#ended
  }

  /** Bytes of input used so far. */
  get consumed(): number {
    return this.#consumed
  }

  /** The next piece; undefined when more input is needed, or after the end. */
  read(): Uint8Array | undefined {
    while (this.#chunkLeft === 0) {
      if (this.#ended || this.#input.length === 0) return undefined
      const { bytes } = this.#input
      const control = bytes[0] ?? 0
      if (control === 0) {
        this.#ended = true
        this.#consume(1)
        return undefined
      }
      if (control < 0x80) return this.#plainChunk(control, bytes)
      if (!this.#beginChunk(control, bytes)) return undefined
    }
    return this.#continueChunk()
  }

  #plainChunk(control: number, bytes: Uint8Array): Uint8Array | undefined {
    if (control > 2) throw invalidXz('corrupt input: unknown LZMA2 chunk')
    if (bytes.byteLength < 3) return undefined
    const size = bigEndian16(bytes, 1) + 1
    if (bytes.byteLength < 3 + size) return undefined
    if (control === 1) this.#resetDictionary()
    else if (this.#missing === 'dictionary') throw invalidXz('corrupt input: LZMA2 data without a dictionary reset')
    const window = this.#window
    window.reserve(size)
    window.append(bytes.subarray(3, 3 + size))
    this.#lzma.advance(size)
    this.#consume(3 + size)
    return window.bytes.subarray(window.end - size, window.end)
  }

  /** Takes up an LZMA chunk; false when it is not there as a whole. */
  #beginChunk(control: number, bytes: Uint8Array): boolean {
    const hasProperties = control >= 0xc0
    const headerBytes = hasProperties ? 6 : 5
    if (bytes.byteLength < headerBytes) return false
    const size = bigEndian16(bytes, 3) + 1
    if (bytes.byteLength < headerBytes + size) return false
    this.#reset(control, bytes[5] ?? 0)
    this.#chunkLeft = ((control & 0x1f) << 16) + bigEndian16(bytes, 1) + 1
    // A copy, because input may be appended while the chunk is still at work.
    this.#lzma.beginChunk(bytes.slice(headerBytes, headerBytes + size))
    this.#consume(headerBytes + size)
    return true
  }

  #reset(control: number, properties: number): void {
    if (control >= 0xe0) this.#resetDictionary()
    else if (this.#missing === 'dictionary') throw invalidXz('corrupt input: LZMA2 data without a dictionary reset')
    if (control >= 0xc0) this.#lzma.setProperties(parseProperties(properties))
    else if (this.#missing === 'properties') throw invalidXz('corrupt input: LZMA2 data without properties')
    else if (control >= 0xa0) this.#lzma.resetState()
    this.#missing = 'nothing'
  }

  #resetDictionary(): void {
    this.#window.forget()
    this.#lzma.resetPosition()
    this.#missing = 'properties'
  }

  #continueChunk(): Uint8Array {
    const wanted = Math.min(this.#chunkLeft, pieceBytes - longestMatch)
    const window = this.#window
    window.reserve(Math.min(this.#chunkLeft, pieceBytes))
    const made = this.#lzma.decode(wanted, this.#chunkLeft)
    this.#chunkLeft -= made
    if (this.#chunkLeft === 0) this.#lzma.endChunk()
    return window.bytes.subarray(window.end - made, window.end)
  }

  #consume(length: number): void {
    this.#input.consume(length)
    this.#consumed += length
  }
}

function parseProperties(byte: number): {
  literalContextBits: number
  literalPositionBits: number
  positionBits: number
} {
  const literalContextBits = byte % 9
  const literalPositionBits = Math.floor(byte / 9) % 5
  const positionBits = Math.floor(byte / 45)
  if (positionBits > 4 || literalContextBits + literalPositionBits > 4)
    throw invalidXz('corrupt input: LZMA properties')
  return { literalContextBits, literalPositionBits, positionBits }
}

function bigEndian16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0)
}
