import { FieldInvalid } from './invalid.ts'
import { exceeded } from './limits.ts'
import { exactSize, parseDecimal, parseNumericField } from './numeric-field.ts'
import { paxKey } from './pax-records.ts'

/** Stored regions of a sparse file, in order; everything between them reads as zeros. */
export class SparseMap {
  /** Offset and length of each region, alternating. */
  readonly #numbers: number[] = []
  #stored = 0
  #end = 0

  get regions(): number {
    return this.#numbers.length / 2
  }

  /** Bytes that the archive holds of this file. */
  get stored(): number {
    return this.#stored
  }

  offset(region: number): number {
    return this.#numbers[region * 2] ?? 0
  }

  length(region: number): number {
    return this.#numbers[region * 2 + 1] ?? 0
  }

  /** Regions come in order and do not overlap: the same checks as BSD's tar. */
  add(offset: number, length: number): void {
    const end = exactSize(offset) + exactSize(length)
    if (offset < 0 || length < 0 || offset < this.#end) throw new FieldInvalid()
    this.#numbers.push(offset, length)
    this.#end = exactSize(end)
    this.#stored += length
  }

  refuseBeyond(size: number): void {
    if (size < 0 || this.#end > size) throw new FieldInvalid()
  }
}

/** Which sparse format the records of a PAX header announce, if any. */
export function paxSparseFormat(records: ReadonlyMap<string, string>): 'map-in-records' | 'map-in-body' | undefined {
  const major = records.get(paxKey.sparseMajor) ?? ''
  const minor = records.get(paxKey.sparseMinor) ?? ''
  if (major === '0' && (minor === '0' || minor === '1')) return 'map-in-records'
  if (major === '1' && minor === '0') return 'map-in-body'
  if (major !== '' || minor !== '') return undefined
  return (records.get(paxKey.sparseMap) ?? '') === '' ? undefined : 'map-in-records'
}

/** Formats 0.0 and 0.1: numbers with commas between them, and their count in a record of its own. */
export function sparseMapOfRecords(records: ReadonlyMap<string, string>, mostRegions: number): SparseMap {
  const count = parseDecimal(records.get(paxKey.sparseCount) ?? '')
  const text = records.get(paxKey.sparseMap) ?? ''
  const numbers = text === '' ? [] : text.split(',')
  if (numbers.length !== 2 * count) throw new FieldInvalid()
  if (count > mostRegions) throw exceeded('regions in a sparse file', mostRegions, 'sparseRegions')
  return sparseMapOfNumbers(numbers)
}

function sparseMapOfNumbers(numbers: readonly string[]): SparseMap {
  const map = new SparseMap()
  for (let index = 0; index < numbers.length; index += 2) {
    map.add(parseDecimal(numbers[index] ?? ''), parseDecimal(numbers[index + 1] ?? ''))
  }
  return map
}

/**
 * Format 1.0: lines of decimal numbers in front of the data, in whole blocks. Their count comes first, so the map is complete
 * with the block that holds its last line.
 */
export class SparseMapLines {
  readonly #mostRegions: number
  #text = ''
  #lines = 0
  #wanted = 1
  #counted = false

  constructor(mostRegions: number) {
    this.#mostRegions = mostRegions
  }

  /** Takes one block; returns whether the map is complete. */
  add(block: string): boolean {
    this.#text += block
    for (let at = block.indexOf('\n'); at >= 0; at = block.indexOf('\n', at + 1)) this.#lines++
    if (!this.#counted && this.#lines > 0) this.#readCount()
    return this.#lines >= this.#wanted
  }

  #readCount(): void {
    const count = parseDecimal(this.#text.slice(0, this.#text.indexOf('\n')))
    if (count < 0) throw new FieldInvalid()
    if (count > this.#mostRegions) throw exceeded('regions in a sparse file', this.#mostRegions, 'sparseRegions')
    this.#counted = true
    this.#wanted = 1 + 2 * count
  }

  map(): SparseMap {
    return sparseMapOfNumbers(this.#text.split('\n', this.#wanted).slice(1))
  }
}

/** GNU's pairs of twelve-byte fields, up to the first empty one. Returns whether another block of them follows. */
export function readGnuSparsePairs(block: Buffer, at: number, pairs: number, map: SparseMap): boolean {
  for (let pair = 0; pair < pairs; pair++) {
    const field = at + pair * 24
    if (block[field] === 0) break
    map.add(parseNumericField(block, field, 12), parseNumericField(block, field + 12, 12))
  }
  return (block[at + pairs * 24] ?? 0) > 0
}

export const gnuSparse = {
  /** In a header block. */
  headerAt: 386,
  headerPairs: 4,
  realSizeAt: 483,
  /** In each block after it. */
  blockPairs: 21,
} as const
