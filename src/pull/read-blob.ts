import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { algorithmOf, type Cancellable, type Descriptor, Fault } from '#model'
import type { BlobBytes } from '#parts/unpack'
import { streamOfFile } from './archive-files.ts'
import type { ImageSource } from './image-source.ts'

/** All of a small blob, compared with its digest and size. @throws Fault `limit-exceeded`, `size-mismatch`, `digest-mismatch` */
export async function readBlob(
  source: Pick<ImageSource, 'blob'>,
  wanted: Descriptor,
  limit: Cancellable & { readonly what: string; readonly most: number },
): Promise<Uint8Array> {
  const { what, most, signal } = limit
  if (wanted.size > most) throw new Fault({ code: 'limit-exceeded', limit: `bytes in ${what}`, most })
  const hash = createHash(algorithmOf(wanted.digest))
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of bytesOf(await source.blob(wanted, { signal }), { signal })) {
    size += piece.byteLength
    if (size > wanted.size) break
    hash.update(piece)
    pieces.push(piece)
  }
  if (size !== wanted.size) throw new Fault({ code: 'size-mismatch', what, expected: wanted.size, actual: size })
  const actual = `${algorithmOf(wanted.digest)}:${hash.digest('hex')}`
  if (actual !== wanted.digest) throw new Fault({ code: 'digest-mismatch', what, expected: wanted.digest, actual })
  return Buffer.concat(pieces)
}

async function* bytesOf(blob: BlobBytes, { signal }: Cancellable) {
  if (blob.kind === 'stream') return yield* blob.bytes
  await using file = await open(blob.path)
  yield* streamOfFile(file, { offset: blob.offset ?? 0, length: blob.length ?? Infinity, signal })
}
