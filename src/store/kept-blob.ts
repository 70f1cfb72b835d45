import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { fileStream } from '#ground/bytes'
import { type Cancellable, Fault, type Layer } from '#model'
import type { BlobBytes } from '#parts/unpack'

/** The name among a layer's big data under which the blob is kept that it came as. */
export const keptBlobKey = 'shale.blob'

/** Whether a layer can be given out compressed exactly as it came. */
export function hasKeptBlob(layer: Layer): boolean {
  return layer.bigDataNames.includes(keptBlobKey)
}

/**
 * Copies a blob beside what is unpacked of it. It is not compared here: whoever gives it out compares its digest, as with all that
 * comes from a disk. @throws Fault `unsupported` for a stream, which is gone by now
 */
export async function keepBlob(blob: BlobBytes, path: string, options: Cancellable): Promise<void> {
  if (blob.kind === 'stream')
    throw new Fault({ code: 'unsupported', what: 'keeping a blob', by: 'a source that is a stream' })
  const range = blob.length === undefined ? {} : { range: { offset: blob.offset ?? 0, length: blob.length } }
  const { signal } = options
  const bytes = fileStream(blob.path, { ...range, ...(signal === undefined ? {} : { signal }) })
  await pipeline(
    bytes,
    createWriteStream(path, { flags: 'wx', mode: 0o600 }),
    ...(signal === undefined ? [] : [{ signal }]),
  )
}
