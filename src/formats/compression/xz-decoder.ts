import type { Decoder } from './decoder.ts'
import { InputBuffer } from './input-buffer.ts'
import { Lzma2Decoder } from './lzma2-decoder.ts'
import { openXzCheck, type XzCheck } from './xz-check.ts'
import { invalidXz } from './xz-fault.ts'
import {
  checkStreamFooter,
  parseBlockHeader,
  parseStreamHeader,
  sameBytes,
  streamHeaderBytes,
  type XzBlockHeader,
} from './xz-header.ts'
import { XzIndex } from './xz-index.ts'

interface Block {
  readonly header: XzBlockHeader
  readonly data: Lzma2Decoder
  readonly check: XzCheck
  uncompressedBytes: number
}

interface Stream {
  readonly flags: Uint8Array
  readonly index: XzIndex
}

/** Where in the file the next byte stands. */
type Place =
  | { readonly kind: 'between-streams' }
  | { readonly kind: 'between-blocks'; readonly stream: Stream }
  | { readonly kind: 'block'; readonly stream: Stream; readonly block: Block }
  | { readonly kind: 'block-end'; readonly stream: Stream; readonly block: Block }
  | { readonly kind: 'index'; readonly stream: Stream }
  | { readonly kind: 'footer'; readonly stream: Stream }

/**
 * xz (the .xz file format 1.2.1): any number of streams with padding between them, blocks of LZMA2, all checks and the index
 * verified. Memory follows what is written, up to the dictionary's size. Other filters are refused, as Go's reader does.
 */
export class XzDecoder implements Decoder {
  readonly #windowBytes: number
  readonly #input = new InputBuffer()
  #place: Place = { kind: 'between-streams' }
  #streams = 0
  #padding = 0
  #finished = false

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes
  }

  feed(input: Uint8Array): void {
    this.#input.append(input)
  }

  read(): Uint8Array | undefined {
    for (;;) {
      const piece = this.#place.kind === 'block' ? this.#readBlock(this.#place.block) : undefined
      if (piece !== undefined) return piece
      if (this.#advance(this.#place)) continue
      if (this.#finished && !this.#isComplete) throw invalidXz('unexpected EOF')
      return undefined
    }
  }

  finish(): void {
    this.#finished = true
  }

  close(): void {
    this.#place = { kind: 'between-streams' }
  }

  get #isComplete(): boolean {
    const isBetween = this.#place.kind === 'between-streams' && this.#input.length === 0
    return isBetween && this.#streams > 0 && this.#padding % 4 === 0
  }

  /** One step through the file; false when it needs more input. */
  #advance(place: Place): boolean {
    switch (place.kind) {
      case 'between-streams':
        return this.#beginStream()
      case 'between-blocks':
        return this.#beginBlock(place.stream)
      case 'block':
        if (!place.block.data.ended) return false
        this.#place = { ...place, kind: 'block-end' }
        return true
      case 'block-end':
        return this.#endBlock(place.stream, place.block)
      case 'index':
        if (!place.stream.index.read(this.#input)) return false
        this.#place = { ...place, kind: 'footer' }
        return true
      case 'footer':
        return this.#endStream(place.stream)
    }
  }

  #beginStream(): boolean {
    const { bytes } = this.#input
    if (this.#streams > 0 && bytes[0] === 0) {
      const end = bytes.findIndex((byte) => byte !== 0)
      const zeros = end === -1 ? bytes.byteLength : end
      this.#padding += zeros
      this.#input.consume(zeros)
      return true
    }
    if (bytes.byteLength > 0 && this.#padding % 4 !== 0) throw invalidXz('invalid stream padding')
    if (bytes.byteLength < streamHeaderBytes) return false
    const flags = parseStreamHeader(bytes.subarray(0, streamHeaderBytes))
    this.#input.consume(streamHeaderBytes)
    this.#streams += 1
    this.#padding = 0
    this.#place = { kind: 'between-blocks', stream: { flags, index: new XzIndex() } }
    return true
  }

  #beginBlock(stream: Stream): boolean {
    const { bytes } = this.#input
    const [size] = bytes
    if (size === undefined) return false
    if (size === 0) {
      this.#place = { kind: 'index', stream }
      return true
    }
    const headerBytes = (size + 1) * 4
    if (bytes.byteLength < headerBytes) return false
    const header = parseBlockHeader(bytes.subarray(0, headerBytes))
    if (header.dictionaryBytes > this.#windowBytes)
      throw invalidXz(`dictionary too large: ${header.dictionaryBytes} bytes`)
    this.#input.consume(headerBytes)
    const data = new Lzma2Decoder(this.#input, header.dictionaryBytes)
    const check = openXzCheck(stream.flags[1] ?? 0)
    this.#place = { kind: 'block', stream, block: { header, data, check, uncompressedBytes: 0 } }
    return true
  }

  #readBlock(block: Block): Uint8Array | undefined {
    const piece = block.data.read()
    if (piece === undefined) return undefined
    block.check.update(piece)
    block.uncompressedBytes += piece.byteLength
    const declared = block.header.uncompressedBytes
    if (declared !== undefined && block.uncompressedBytes > declared)
      throw invalidXz('block is larger than its header says')
    return piece
  }

  #endBlock(stream: Stream, { header, data, check, uncompressedBytes }: Block): boolean {
    const padding = (4 - (data.consumed % 4)) % 4
    if (this.#input.length < padding + check.bytes) return false
    const end = this.#input.bytes.subarray(0, padding + check.bytes)
    if (end.subarray(0, padding).some((byte) => byte !== 0)) throw invalidXz('block padding is not zero')
    if (!sameBytes(end.subarray(padding), check.value())) throw invalidXz('block checksum mismatch')
    const sizesAgree =
      (header.compressedBytes ?? data.consumed) === data.consumed &&
      (header.uncompressedBytes ?? uncompressedBytes) === uncompressedBytes
    if (!sizesAgree) throw invalidXz('block has not the size that its header says')
    this.#input.consume(end.byteLength)
    stream.index.add({ unpaddedBytes: header.headerBytes + data.consumed + check.bytes, uncompressedBytes })
    this.#place = { kind: 'between-blocks', stream }
    return true
  }

  #endStream({ flags, index }: Stream): boolean {
    if (this.#input.length < streamHeaderBytes) return false
    checkStreamFooter(this.#input.bytes, { flags, indexBytes: index.bytes })
    this.#input.consume(streamHeaderBytes)
    this.#place = { kind: 'between-streams' }
    return true
  }
}
