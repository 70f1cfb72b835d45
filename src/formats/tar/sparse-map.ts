import { blockSize } from './header-block.ts'
import type { HeaderFields } from './header-block.ts'
import { FieldInvalid } from './invalid.ts'
import { exceeded } from './limits.ts'
import { exactSize, parseDecimal, parseNumericField } from './numeric-field.ts'
import { paxKey } from './pax-records.ts'

/** Go's bound on the map in front of a body. */
const mostMapText = 1024 * 1024

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

/** What a sparse header that names its file and size in records changes of the header's own. */
export function mergeSparseRecords(fields: HeaderFields, records: ReadonlyMap<string, string>): void {
  fields.path = records.get(paxKey.sparseName) || fields.path
  const size = records.get(paxKey.sparseSize) || records.get(paxKey.sparseRealSize) || ''
  if (size !== '') fields.size = parseDecimal(size)
}

/** A map that comes in blocks of its own after the header: `add` returns whether it is complete. */
export interface SparseMapBlocks {
  add(block: Buffer, at: number): boolean
  map(): SparseMap
}

/**
 * Format 1.0: lines of decimal numbers in front of the data, in whole blocks. Their count comes first, so the map is complete
 * with the block that holds its last line.
 */
export class SparseMapLines implements SparseMapBlocks {
  readonly #mostRegions: number
  #text = ''
  #lines = 0
  #wanted = 1
  #counted = false

  constructor(mostRegions: number) {
    this.#mostRegions = mostRegions
  }

  add(block: Buffer, at: number): boolean {
    if (this.#text.length >= mostMapText) throw new FieldInvalid('sparse map too long')
    const text = block.toString('latin1', at, at + blockSize)
    this.#text += text
    for (let line = text.indexOf('\n'); line >= 0; line = text.indexOf('\n', line + 1)) this.#lines++
    if (!this.#counted && this.#lines > 0) this.#readCount()
    return this.#lines >= this.#wanted
  }

  map(): SparseMap {
    return sparseMapOfNumbers(this.#text.split('\n', this.#wanted).slice(1))
  }

  #readCount(): void {
    const count = parseDecimal(this.#text.slice(0, this.#text.indexOf('\n')))
    if (count < 0) throw new FieldInvalid()
    if (count > this.#mostRegions) throw exceeded('regions in a sparse file', this.#mostRegions, 'sparseRegions')
    this.#counted = true
    this.#wanted = 1 + 2 * count
  }
}

/** GNU's own format: pairs of fields in the header, then in blocks after it. */
export class GnuSparseMap implements SparseMapBlocks {
  readonly #mostRegions: number
  readonly #map = new SparseMap()
  #room = 0

  constructor(mostRegions: number) {
    this.#mostRegions = mostRegions
  }

  /** Takes the pairs of the header block, and gives the file its true size. */
  addHeader(block: Buffer, at: number, fields: HeaderFields): boolean {
    if (fields.dialect !== 'gnu') throw new FieldInvalid()
    fields.size = parseNumericField(block, at + 483, 12)
    return this.#addPairs(block, at + 386, 4)
  }

  add(block: Buffer, at: number): boolean {
    return this.#addPairs(block, at, 21)
  }

  map(): SparseMap {
    return this.#map
  }

  /** Room is counted, not regions: a block may be empty and still announce another. */
  #addPairs(block: Buffer, at: number, pairs: number): boolean {
    this.#room += pairs
    if (this.#room > this.#mostRegions) throw exceeded('regions in a sparse file', this.#mostRegions, 'sparseRegions')
    const end = at + pairs * 24
    for (let field = at; field < end && block[field] !== 0; field += 24) {
      this.#map.add(parseNumericField(block, field, 12), parseNumericField(block, field + 12, 12))
    }
    return (block[end] ?? 0) === 0
  }
}
