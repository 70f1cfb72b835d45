import { Gatherer } from './gatherer.ts'
import { entryOfHeader, globalEntry, mergeExtensions } from './entry-of-header.ts'
import { ExtensionHeaders, isExtension } from './extension-headers.ts'
import { blockSize, emptyHeaderFields, isZeroBlock, padding, readHeaderBlock } from './header-block.ts'
import { FieldInvalid, tarInvalid } from './invalid.ts'
import { defaultTarLimits, exceeded } from './limits.ts'
import type { TarLimits } from './limits.ts'
import { exactSize } from './numeric-field.ts'
import type { TarSink } from './sink.ts'
import { SparseBody } from './sparse-body.ts'
import { GnuSparseMap, mergeSparseRecords, paxSparseFormat, SparseMapLines, sparseMapOfRecords } from './sparse-map.ts'
import type { SparseMap, SparseMapBlocks } from './sparse-map.ts'
import { hasBody, typeflag } from './typeflag.ts'

/** What the next byte belongs to. */
type Place =
  | 'header'
  | 'header-after-zeros'
  | 'extension-data'
  | 'sparse-block'
  | 'sparse-map'
  | 'body'
  | 'padding'
  | 'trailer'

/**
 * Reads a tar of any dialect (spec/drivers §8.1) as it is pushed in, and tells a sink what is there. It decides as Go's
 * archive/tar does, so that both tools see one archive. Synchronous; bodies are views of what was pushed, never copies;
 * memory does not follow a size that a header declares.
 *
 * Throws Fault `tar-invalid` (Go's texts, the offset of the header in question) and `limit-exceeded`. What the sink throws
 * passes through. After a throw every further call throws the same.
 */
export class TarParser {
  readonly #sink: TarSink
  readonly #limits: TarLimits
  readonly #bodies: 'present' | 'absent'
  readonly #input = new Gatherer()
  #place: Place = 'header'
  #failure: { readonly error: unknown } | undefined

  readonly #header = emptyHeaderFields()
  readonly #extensions: ExtensionHeaders
  #headerOffset = 0
  #entries = 0

  /** Bytes left of the extension data, of the body as stored, or of the padding. */
  #left = 0
  #paddingAfter = 0
  #isSparse = false
  #sparseMap: SparseMap | undefined
  #sparseBlocks: SparseMapBlocks | undefined
  #sparseBody: SparseBody | undefined
  #holeBytes = 0

  /** `absent`: the input is what `structure` tells of an archive, bodies left out (a tar-split's segments). */
  constructor(sink: TarSink, limits: Partial<TarLimits> = {}, bodies: 'present' | 'absent' = 'present') {
    this.#sink = sink
    this.#limits = { ...defaultTarLimits, ...limits }
    this.#bodies = bodies
    this.#extensions = new ExtensionHeaders(this.#limits.extensionBytes)
  }

  /** Bytes taken in so far. */
  get offset(): number {
    return this.#input.offset
  }

  /** Takes the next bytes, cut anywhere. The chunk may be reused once this returns. */
  push(chunk: Uint8Array): void {
    this.#guard(() => {
      this.#input.give(chunk)
      while (this.#input.available > 0) this.#step()
      if (this.#place === 'sparse-map') this.#input.forgetSkipped()
      else this.#tellStructure()
    })
  }

  /** The input is over. Throws if it was cut inside a header or a body; missing end blocks and padding are fine. */
  end(): void {
    this.#guard(() => {
      const atBoundary = this.#place === 'header' || this.#place === 'header-after-zeros'
      const complete = atBoundary ? this.#input.held === 0 : this.#place === 'padding' || this.#place === 'trailer'
      if (!complete) throw tarInvalid('unexpected EOF', this.#input.offset)
      if (this.#place !== 'trailer') this.#sink.archiveEnd?.()
      this.#sink.end?.()
    })
    this.#failure = { error: new Error('this archive has ended') }
  }

  #guard(work: () => void): void {
    if (this.#failure !== undefined) throw this.#failure.error
    try {
      work()
    } catch (cause) {
      const error = cause instanceof FieldInvalid ? tarInvalid(cause.problem, this.#headerOffset, { cause }) : cause
      this.#failure = { error }
      throw error
    }
  }

  #step(): void {
    switch (this.#place) {
      case 'header':
      case 'header-after-zeros':
        if (this.#input.gather(blockSize)) this.#readHeader()
        return
      case 'extension-data':
        if (this.#input.gather(this.#left)) this.#readExtension()
        return
      case 'sparse-block':
      case 'sparse-map':
        if (this.#input.gather(blockSize)) this.#readSparseBlock()
        return
      case 'body':
        this.#readBody()
        return
      case 'padding':
        this.#left -= this.#input.skip(this.#left)
        if (this.#left === 0) this.#place = 'header'
        return
      case 'trailer':
        this.#input.skip(Infinity)
    }
  }

  #tellStructure(): void {
    const bytes = this.#input.takeSkipped()
    if (bytes !== undefined) this.#sink.structure?.(bytes)
  }

  #readHeader(): void {
    const { block, blockAt } = this.#input
    this.#headerOffset = this.#input.offset - blockSize
    if (block[blockAt] === 0 && isZeroBlock(block, blockAt)) return this.#readZeroBlock()
    if (this.#place === 'header-after-zeros') throw new FieldInvalid()
    readHeaderBlock(block, blockAt, this.#header)
    const { size } = this.#header
    if (size < 0 && hasBody(this.#header.typeflag)) throw new FieldInvalid()
    if (isExtension(this.#header.typeflag)) return this.#beginExtension(size)
    return this.#beginEntry(block, blockAt)
  }

  #readZeroBlock(): void {
    if (this.#place === 'header') {
      this.#place = 'header-after-zeros'
      return
    }
    this.#place = 'trailer'
    this.#tellStructure()
    this.#sink.archiveEnd?.()
  }

  #beginExtension(size: number): void {
    this.#extensions.announce(size)
    this.#left = size
    this.#place = 'extension-data'
    if (size === 0) this.#readExtension()
  }

  #readExtension(): void {
    const { block, blockAt } = this.#input
    const size = this.#left
    this.#left = padding(size)
    this.#place = this.#left > 0 ? 'padding' : 'header'
    const globalRecords = this.#extensions.take(this.#header.typeflag, block, blockAt, size)
    if (globalRecords !== undefined) this.#tellGlobalHeader(globalRecords)
  }

  #tellGlobalHeader(records: ReadonlyMap<string, string>): void {
    const entry = globalEntry(this.#header.path, records, this.#limits)
    this.#countEntry()
    this.#tellStructure()
    this.#sink.entry(entry)
    this.#sink.entryEnd()
  }

  #countEntry(): void {
    this.#extensions.clear()
    if (++this.#entries > this.#limits.entries) throw exceeded('entries', this.#limits.entries, 'entries')
  }

  #beginEntry(block: Buffer, blockAt: number): void {
    const header = this.#header
    mergeExtensions(header, this.#extensions.gathered)
    // A PAX size applies to this entry only, not to the long-name headers before it: readers that disagree about this can be
    // made to see different archives (POSIX pax, "Extended Header"; GHSA-vmf3-w455-68vh).
    this.#left = hasBody(header.typeflag) ? exactSize(header.size) : 0
    if (this.#left < 0) throw new FieldInvalid()
    this.#paddingAfter = padding(this.#left)
    this.#isSparse = false
    this.#sparseMap = undefined
    if (header.typeflag === typeflag.gnuSparse) return this.#beginGnuSparse(block, blockAt)
    const records = this.#extensions.gathered.paxRecords
    const format = records === undefined ? undefined : paxSparseFormat(records)
    if (records === undefined || format === undefined) return this.#tellEntry()
    return this.#beginPaxSparse(records, format)
  }

  #beginGnuSparse(block: Buffer, blockAt: number): void {
    this.#isSparse = true
    const map = new GnuSparseMap(this.#limits.sparseRegions)
    const complete = map.addHeader(block, blockAt, this.#header)
    this.#sparseBlocks = map
    if (complete) return this.#endSparseBlocks()
    this.#place = 'sparse-block'
  }

  #beginPaxSparse(records: ReadonlyMap<string, string>, format: 'map-in-records' | 'map-in-body'): void {
    this.#isSparse = true
    mergeSparseRecords(this.#header, records)
    if (format === 'map-in-records') {
      this.#sparseMap = sparseMapOfRecords(records, this.#limits.sparseRegions)
    } else if (this.#bodies === 'present') {
      this.#sparseBlocks = new SparseMapLines(this.#limits.sparseRegions)
      return this.#beginBlockOfBody()
    }
    this.#tellEntry()
  }

  #beginBlockOfBody(): void {
    if (this.#left < blockSize) throw new FieldInvalid('unexpected EOF')
    this.#tellStructure()
    this.#place = 'sparse-map'
  }

  #readSparseBlock(): void {
    const isOfBody = this.#place === 'sparse-map'
    if (isOfBody) {
      this.#left -= blockSize
      this.#input.forgetSkipped()
    }
    const complete = this.#sparseBlocks?.add(this.#input.block, this.#input.blockAt) ?? true
    if (complete) this.#endSparseBlocks()
    else if (isOfBody) this.#beginBlockOfBody()
  }

  #endSparseBlocks(): void {
    this.#sparseMap = this.#sparseBlocks?.map()
    this.#sparseBlocks = undefined
    this.#tellEntry()
  }

  #tellEntry(): void {
    const header = this.#header
    const map = this.#sparseMap
    if (map !== undefined) this.#refuseBrokenSparse(map)
    const entry = entryOfHeader(header, this.#extensions.gathered.paxRecords, this.#isSparse, this.#limits)
    this.#countEntry()
    this.#tellStructure()
    this.#sink.entry(entry)
    if (this.#bodies === 'absent') this.#left = 0
    else if (map !== undefined) this.#sparseBody = new SparseBody(map, header.size, this.#sink)
    this.#sparseBody?.take(Buffer.alloc(0))
    if (this.#left > 0) this.#place = 'body'
    else this.#endEntry()
  }

  #refuseBrokenSparse(map: SparseMap): void {
    const { size } = this.#header
    if (!hasBody(this.#header.typeflag)) throw new FieldInvalid()
    map.refuseBeyond(exactSize(size))
    if (map.stored > this.#left) throw new FieldInvalid('sparse file references non-existent data')
    if (map.stored < this.#left) throw new FieldInvalid('sparse file contains unreferenced data')
    if (this.#bodies === 'absent') return
    this.#holeBytes += size - map.stored
    if (this.#holeBytes > this.#limits.sparseHoleBytes) {
      throw exceeded('bytes of holes in sparse files', this.#limits.sparseHoleBytes, 'sparseHoleBytes')
    }
  }

  #readBody(): void {
    this.#tellStructure()
    const bytes = this.#input.take(this.#left)
    this.#left -= bytes.byteLength
    if (this.#sparseBody === undefined) this.#sink.body(bytes)
    else this.#sparseBody.take(bytes)
    if (this.#left === 0) this.#endEntry()
  }

  #endEntry(): void {
    this.#sparseBody = undefined
    this.#left = this.#paddingAfter
    this.#place = this.#left > 0 ? 'padding' : 'header'
    this.#sink.entryEnd()
  }
}
