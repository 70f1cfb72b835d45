import { type Cancellable, type Descriptor, Fault } from '#model'
import { type ByteStream, fileStream } from '#ground/bytes'
import type { BlobBytes } from '#parts/unpack'
import type { ImageSource } from './image-source.ts'
import { refuseOtherBytes } from './refuse-other-bytes.ts'

/** All of a small blob, compared with its digest and size. @throws Fault `limit-exceeded`, `size-mismatch`, `digest-mismatch` */
export async function readBlob(
  source: Pick<ImageSource, 'blob'>,
  wanted: Descriptor,
  limit: Cancellable & { readonly what: string; readonly most: number },
): Promise<Uint8Array> {
  const { what, most, signal } = limit
  if (wanted.size > most) throw new Fault({ code: 'limit-exceeded', limit: `bytes in ${what}`, most })
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of bytesOf(await source.blob(wanted, { signal }), { signal })) {
    pieces.push(piece)
    size += piece.byteLength
    // One that is longer than it was announced is not read to its end.
    if (size > wanted.size) break
  }
  const bytes = Buffer.concat(pieces)
  refuseOtherBytes(bytes, wanted, what)
  return bytes
}

function bytesOf(blob: BlobBytes, { signal }: Cancellable): ByteStream {
  if (blob.kind === 'stream') return blob.bytes
  const { path, offset = 0, length } = blob
  return fileStream(path, { signal, ...(length === undefined ? {} : { range: { offset, length } }) })
}
