import { Bzip2Bits } from './bzip2-bits.ts'
import { type Bzip2Block, readBzip2Block } from './bzip2-block.ts'
import { bzip2CrcStart, continueBzip2Crc } from './bzip2-crc.ts'
import { invalidBzip2 } from './bzip2-fault.ts'
import { Bzip2Runs } from './bzip2-runs.ts'
import { type Decoder, pieceBytes } from './decoder.ts'
import { InputBuffer } from './input-buffer.ts'

/** More than any block takes, with 900,000 symbols of 20 bits. */
const mostBlockBytes = 3 << 20

interface CurrentStream {
  /** Room for as many entries as the stream's blocks have at most. */
  readonly entries: Uint32Array
  crc: number
}

interface CurrentBlock {
  readonly runs: Bzip2Runs
  readonly expectedCrc: number
  crc: number
}

/**
 * bzip2: any number of streams one behind the other, the CRCs of blocks and streams verified. Memory is bounded by the
 * largest block: 4 MB for its entries and a few for input that waits for its end. Words of errors are Go's.
 */
export class Bzip2Decoder implements Decoder {
  readonly #input = new InputBuffer()
  readonly #output = new Uint8Array(pieceBytes)
  /** Blocks begin at any bit; this is the one of the input's first byte. */
  #bitOffset = 0
  #finished = false
  /** A block is not worth trying before so much input is there. */
  #tryAt = 0
  #streams = 0
  #entries = new Uint32Array(0)
  #stream: CurrentStream | undefined
  #block: CurrentBlock | undefined

  feed(input: Uint8Array): void {
    this.#input.append(input)
  }

  read(): Uint8Array | undefined {
    for (;;) {
      const piece = this.#block === undefined ? undefined : this.#readBlock(this.#block)
      if (piece !== undefined) return piece
      if (this.#input.length < this.#tryAt && !this.#finished) return undefined
      const began = this.#stream === undefined ? this.#beginStream() : this.#continueStream(this.#stream)
      if (!began) return undefined
    }
  }

  finish(): void {
    this.#finished = true
  }

  close(): void {
    this.#entries = new Uint32Array(0)
    this.#stream = undefined
    this.#block = undefined
  }

  #readBlock(block: CurrentBlock): Uint8Array | undefined {
    const length = block.runs.fill(this.#output)
    const piece = this.#output.subarray(0, length)
    block.crc = continueBzip2Crc(block.crc, piece)
    if (length > 0) return piece
    if (~block.crc >>> 0 !== block.expectedCrc) throw invalidBzip2('block checksum mismatch')
    this.#block = undefined
    return undefined
  }

  #beginStream(): boolean {
    const { bytes } = this.#input
    if (bytes.byteLength === 0 && this.#streams > 0) return false
    if (bytes.byteLength < 4) return this.#waitForMore()
    const level = (bytes[3] ?? 0) - 0x30
    if (bytes[0] !== 0x42 || bytes[1] !== 0x5a || bytes[2] !== 0x68) throw invalidBzip2(this.#badMagic())
    if (level < 1 || level > 9) throw invalidBzip2('invalid compression level')
    this.#input.consume(4)
    const room = level * 100_000
    // Kept from stream to stream: one of 14 bytes must not cost the clearing of megabytes.
    if (this.#entries.length < room) this.#entries = new Uint32Array(room)
    this.#stream = { entries: this.#entries.subarray(0, room), crc: 0 }
    this.#streams += 1
    return true
  }

  #badMagic(): string {
    return this.#streams === 0 ? 'bad magic value' : 'bad magic value in continuation file'
  }

  #continueStream(stream: CurrentStream): boolean {
    const bits = new Bzip2Bits(this.#input.bytes, this.#bitOffset)
    const unit = tryUnit(bits, stream.entries)
    if (unit === undefined) return this.#waitForMore()
    this.#tryAt = 0
    this.#moveTo(bits.bitOffset)
    if (unit.kind === 'block') {
      stream.crc = ((stream.crc << 1) | (stream.crc >>> 31)) ^ unit.block.crc
      this.#block = { runs: new Bzip2Runs(stream.entries, unit.block), expectedCrc: unit.block.crc, crc: bzip2CrcStart }
    } else {
      if (stream.crc >>> 0 !== unit.crc) throw invalidBzip2('file checksum mismatch')
      // The next stream begins with a whole byte.
      this.#moveTo((this.#bitOffset + 7) & ~7)
      this.#stream = undefined
    }
    return true
  }

  #moveTo(bitOffset: number): void {
    this.#input.consume(bitOffset >>> 3)
    this.#bitOffset = bitOffset & 7
  }

  #waitForMore(): false {
    if (this.#finished) throw invalidBzip2('unexpected EOF')
    // Twice as much before the next try: input in crumbs costs no more than twice the work.
    this.#tryAt = Math.max(this.#input.length + 1, Math.min(this.#input.length * 2, mostBlockBytes))
    return false
  }
}

type Unit = { readonly kind: 'block'; readonly block: Bzip2Block } | { readonly kind: 'end'; readonly crc: number }

/** The next block or the stream's end; undefined when the input stops before it does. */
function tryUnit(bits: Bzip2Bits, entries: Uint32Array): Unit | undefined {
  try {
    const unit = readUnit(bits, entries)
    return bits.overrun ? undefined : unit
  } catch (error) {
    // What was read behind the end of the input makes no sense, and is read again when there is more.
    if (bits.overrun) return undefined
    throw error
  }
}

function readUnit(bits: Bzip2Bits, entries: Uint32Array): Unit {
  const [high, low] = [bits.read(24), bits.read(24)]
  if (high === 0x314159 && low === 0x265359) return { kind: 'block', block: readBzip2Block(bits, entries) }
  if (high === 0x177245 && low === 0x385090) return { kind: 'end', crc: bits.readUint32() }
  throw invalidBzip2('bad magic value found')
}
