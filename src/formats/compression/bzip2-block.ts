import type { Bzip2Bits } from './bzip2-bits.ts'
import { invalidBzip2 } from './bzip2-fault.ts'
import { Bzip2Huffman } from './bzip2-huffman.ts'

const symbolsPerSelector = 50

/** A block as it was before its runs were shortened a second time; still to be walked through in the order of the transform. */
export interface Bzip2Block {
  readonly crc: number
  readonly bytes: number
  /** The entry at which the walk begins. */
  readonly start: number
}

/**
 * Reads the block behind its magic number into `entries`, which has room for the stream's block size: each becomes a byte, and
 * above it (× 256) the place of the next. Throws Fault for what no compressor writes.
 */
export function readBzip2Block(bits: Bzip2Bits, entries: Uint32Array): Bzip2Block {
  const crc = bits.readUint32()
  if (bits.read(1) !== 0) throw invalidBzip2('deprecated randomized files')
  const origin = bits.read(24)
  const alphabet = readAlphabet(bits)
  const codes = readCodes(bits, alphabet.length + 2)
  const { bytes, occurrences } = readSymbols(bits, { alphabet, codes, entries })
  if (origin >= bytes) throw invalidBzip2('pointer out of range')
  linkEntries(entries, bytes, occurrences)
  return { crc, bytes, start: (entries[origin] ?? 0) >>> 8 }
}

/** The byte values that occur: a bit for each sixteen, then a bit for each of those. */
function readAlphabet(bits: Bzip2Bits): Uint8Array {
  const groups = bits.read(16)
  const values: number[] = []
  for (let group = 0; group < 16; group += 1) {
    if ((groups & (0x8000 >>> group)) === 0) continue
    const members = bits.read(16)
    for (let member = 0; member < 16; member += 1) {
      if ((members & (0x8000 >>> member)) !== 0) values.push(group * 16 + member)
    }
  }
  if (values.length === 0) throw invalidBzip2('no symbols in input')
  return Uint8Array.from(values)
}

interface Codes {
  readonly tables: readonly Bzip2Huffman[]
  /** Which table serves each 50 symbols. */
  readonly selectors: Uint8Array
}

function readCodes(bits: Bzip2Bits, symbols: number): Codes {
  const count = bits.read(3)
  if (count < 2 || count > 6) throw invalidBzip2('invalid number of Huffman trees')
  const selectors = readSelectors(bits, count)
  const tables = Array.from({ length: count }, () => new Bzip2Huffman(readLengths(bits, symbols)))
  return { tables, selectors }
}

function readSelectors(bits: Bzip2Bits, tables: number): Uint8Array {
  const selectors = new Uint8Array(bits.read(15))
  const recent = Uint8Array.from({ length: tables }, (_, table) => table)
  for (let at = 0; at < selectors.length; at += 1) {
    let place = 0
    while (bits.read(1) !== 0) {
      place += 1
      if (place >= tables) throw invalidBzip2('tree index too large')
    }
    selectors[at] = moveToFront(recent, place)
  }
  return selectors
}

function readLengths(bits: Bzip2Bits, symbols: number): Uint8Array {
  const lengths = new Uint8Array(symbols)
  let length = bits.read(5)
  for (let symbol = 0; symbol < symbols; symbol += 1) {
    for (;;) {
      if (length < 1 || length > 20) throw invalidBzip2('Huffman length out of range')
      if (bits.read(1) === 0) break
      length += bits.read(1) === 0 ? 1 : -1
    }
    lengths[symbol] = length
  }
  return lengths
}

interface SymbolInput {
  readonly alphabet: Uint8Array
  readonly codes: Codes
  readonly entries: Uint32Array
}

/** The hot loop: Huffman codes to places in a list of recent bytes, and runs of its first one. */
function readSymbols(
  bits: Bzip2Bits,
  { alphabet, codes, entries }: SymbolInput,
): { bytes: number; occurrences: Uint32Array } {
  const recent = alphabet.slice()
  const endOfBlock = alphabet.length + 1
  const occurrences = new Uint32Array(256)
  let [bytes, run, runUnit] = [0, 0, 1]
  for (const selector of codes.selectors) {
    const table = codes.tables[selector]
    if (table === undefined) throw invalidBzip2('tree index too large')
    for (let left = symbolsPerSelector; left > 0; left -= 1) {
      const symbol = table.read(bits)
      if (symbol < 2) {
        // Digits 1 and 2 of a number to the base of 2, the lowest first.
        run += runUnit << symbol
        runUnit <<= 1
        if (run > entries.length) throw invalidBzip2('repeat count too large')
        continue
      }
      if (run > 0) {
        bytes = putRun(entries, { at: bytes, run, byte: recent[0] ?? 0, occurrences })
        run = 0
        runUnit = 1
      }
      if (symbol === endOfBlock) return { bytes, occurrences }
      if (bytes >= entries.length) throw invalidBzip2('data exceeds block size')
      const byte = moveToFront(recent, symbol - 1)
      entries[bytes] = byte
      bytes += 1
      occurrences[byte] = (occurrences[byte] ?? 0) + 1
    }
  }
  throw invalidBzip2('insufficient selector indices for number of decoded symbols')
}

function putRun(
  entries: Uint32Array,
  what: { readonly at: number; readonly run: number; readonly byte: number; readonly occurrences: Uint32Array },
): number {
  const end = what.at + what.run
  if (end > entries.length) throw invalidBzip2('data exceeds block size')
  entries.fill(what.byte, what.at, end)
  what.occurrences[what.byte] = (what.occurrences[what.byte] ?? 0) + what.run
  return end
}

function moveToFront(recent: Uint8Array, place: number): number {
  const value = recent[place] ?? 0
  if (place > 16) recent.copyWithin(1, 0, place)
  else for (let at = place; at > 0; at -= 1) recent[at] = recent[at - 1] ?? 0
  recent[0] = value
  return value
}

/** Undoes the Burrows-Wheeler transform as far as it can be without walking: each entry learns which one follows it. */
function linkEntries(entries: Uint32Array, bytes: number, occurrences: Uint32Array): void {
  const places = new Uint32Array(256)
  let sum = 0
  for (const [byte, count] of occurrences.entries()) {
    places[byte] = sum
    sum += count
  }
  for (let at = 0; at < bytes; at += 1) {
    const byte = (entries[at] ?? 0) & 0xff
    const place = places[byte] ?? 0
    places[byte] = place + 1
    entries[place] = (entries[place] ?? 0) | (at << 8)
  }
}
