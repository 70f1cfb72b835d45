import { TarParser } from '#formats/tar'
import type { TarEntry, TarLimits } from '#formats/tar'
import type { ByteStream } from '#ground/bytes'
import { tarSplitInvalid } from './invalid.ts'
import { TarSplitReader } from './reader.ts'
import type { TarSplitFile } from './record.ts'

/**
 * Reads the headers of a layer from its tar-split, without any body: JSON is pushed in, entries are told in order. Each file
 * record is compared with the header before it.
 *
 * Throws Fault `tar-split-invalid`, and whatever TarParser throws for the headers.
 */
export class TarSplitEntries {
  readonly #reader: TarSplitReader
  readonly #parser: TarParser
  #header: TarEntry | undefined

  constructor(onEntry: (entry: TarEntry) => void, limits: Partial<TarLimits> = {}) {
    const sink = {
      entry: (entry: TarEntry) => this.#takeHeader(entry),
      body: () => undefined,
      entryEnd: () => undefined,
    }
    this.#parser = new TarParser(sink, limits, 'absent')
    this.#reader = new TarSplitReader((record) => {
      if (record.kind === 'segment') this.#parser.push(record.bytes)
      else onEntry(this.#headerOf(record))
    })
  }

  push(lines: Uint8Array): void {
    this.#reader.push(lines)
  }

  end(): void {
    this.#reader.end()
    this.#parser.end()
    if (this.#header !== undefined) throw tarSplitInvalid('a header without its file record')
  }

  #takeHeader(entry: TarEntry): void {
    if (this.#header !== undefined) throw tarSplitInvalid('a header without its file record')
    this.#header = entry
  }

  #headerOf(file: TarSplitFile): TarEntry {
    const header = this.#header
    this.#header = undefined
    if (header === undefined || header.path !== file.path || header.size !== file.size) {
      throw tarSplitInvalid('a file record that is not that of the header before it')
    }
    return header
  }
}

/** The headers of a layer from its tar-split, as a stream: `lines` is the decompressed JSON. */
export async function* entriesOfTarSplit(lines: ByteStream, limits: Partial<TarLimits> = {}): AsyncIterable<TarEntry> {
  let entries: TarEntry[] = []
  const reader = new TarSplitEntries((entry) => void entries.push(entry), limits)
  for await (const bytes of lines) {
    reader.push(bytes)
    yield* entries
    entries = []
  }
  reader.end()
}
