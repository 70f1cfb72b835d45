import type { FileHandle } from 'node:fs/promises'
import { type TarEntry, TarParser, type TarSink } from '#formats/tar'
import { cleanLayerPath, Fault, type LayerPath } from '#model'

/** Where an archive's files lie in it. Names are clean; of two entries of one name the first counts, as for containers/image. */
export type TarDirectory = ReadonlyMap<LayerPath, TarPlace>
export type TarPlace =
  | { readonly kind: 'file'; readonly offset: number; readonly length: number }
  | { readonly kind: 'link'; readonly target: LayerPath }

/** More entries than any image needs: an archive of images has a few for each layer. */
const mostEntries = 100_000

/**
 * Reads the headers of an uncompressed tar and skips what lies between them: an archive of gigabytes costs some hundred small
 * reads. @throws Fault `tar-invalid`, `limit-exceeded`
 */
export async function readTarDirectory(file: FileHandle, signal?: AbortSignal): Promise<TarDirectory> {
  const { size } = await file.stat()
  const places = new Map<LayerPath, TarPlace>()
  for (let offset = 0, entries = 0; offset < size; entries++) {
    signal?.throwIfAborted()
    if (entries > mostEntries)
      throw new Fault({ code: 'limit-exceeded', limit: 'entries in an archive of images', most: mostEntries })
    const found = await readOneHeader(file, { offset, size })
    if (found === undefined) break
    addPlace(places, found)
    offset = found.next
  }
  return places
}

interface FoundEntry {
  readonly entry: TarEntry
  readonly bodyOffset: number
  readonly next: number
}

const block = 512
const mostHeaderBytes = 8 << 20

// A parser for each entry: it takes blocks until it knows one, and never sees the body that is skipped.
async function readOneHeader(
  file: FileHandle,
  { offset, size }: { readonly offset: number; readonly size: number },
): Promise<FoundEntry | undefined> {
  const first = new FirstEntry()
  const parser = new TarParser(first)
  const buffer = Buffer.alloc(8 * block)
  let taken = 0
  while (first.isAwaited && taken <= mostHeaderBytes) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset + taken)
    if (bytesRead === 0) break
    for (let at = 0; at < bytesRead && first.isAwaited; at += block) {
      const piece = buffer.subarray(at, Math.min(at + block, bytesRead))
      parser.push(piece)
      taken += piece.byteLength
    }
  }
  if (first.isAwaited) parser.end()
  return first.found === undefined ? undefined : located(first.found, offset + taken, size)
}

/** Listens until it has heard of one entry, or that there is none. */
class FirstEntry implements TarSink {
  found: TarEntry | undefined
  #isOver = false

  get isAwaited(): boolean {
    return this.found === undefined && !this.#isOver
  }

  entry(entry: TarEntry): void {
    this.found = entry
  }

  body(): void {
    throw new Error('the body of an entry is not given to the parser of its header')
  }

  entryEnd(): void {
    // Of no interest: where the next header begins is computed.
  }

  archiveEnd(): void {
    this.#isOver = true
  }
}

function located(entry: TarEntry, bodyOffset: number, archiveSize: number): FoundEntry {
  // What is of no known kind has a body too.
  if (entry.kind !== 'file' && entry.kind !== 'other') return { entry, bodyOffset, next: bodyOffset }
  if (entry.sparse === true) throw new Fault({ code: 'tar-invalid', problem: 'a sparse file in an archive of images' })
  if (bodyOffset + entry.size > archiveSize)
    throw new Fault({ code: 'tar-invalid', problem: 'unexpected EOF', offset: archiveSize })
  return { entry, bodyOffset, next: bodyOffset + Math.ceil(entry.size / block) * block }
}

function addPlace(places: Map<LayerPath, TarPlace>, { entry, bodyOffset }: FoundEntry): void {
  const name = cleanLayerPath(entry.path)
  if (places.has(name)) return
  if (entry.kind === 'file') places.set(name, { kind: 'file', offset: bodyOffset, length: entry.size })
  if (entry.kind === 'hard-link') places.set(name, { kind: 'link', target: cleanLayerPath(entry.linkPath) })
  if (entry.kind === 'symlink') {
    const from = name.slice(0, name.lastIndexOf('/') + 1)
    // Old `docker save` links layers that two images share. The target stays a name in this archive, wherever it points.
    places.set(name, {
      kind: 'link',
      target: cleanLayerPath(entry.linkPath.startsWith('/') ? entry.linkPath : from + entry.linkPath),
    })
  }
}
