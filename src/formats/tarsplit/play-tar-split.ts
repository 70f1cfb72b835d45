import type { ByteStream } from '#ground/bytes'
import type { LayerPath } from '#model'
import { BodyCheck } from './body-check.ts'
import { TarSplitReader } from './reader.ts'
import type { TarSplitRecord } from './record.ts'

/**
 * Plays a tar-split back as a stream: what TarSplitPlayer does, for files that are not at hand synchronously. `lines` is the
 * decompressed JSON. Throws Fault `content-modified` after the bytes of the file in question, and `tar-split-invalid`.
 */
export async function* playTarSplit(
  lines: ByteStream,
  openBody: (path: LayerPath) => ByteStream | Promise<ByteStream>,
): ByteStream {
  const check = new BodyCheck()
  for await (const record of recordsOfTarSplit(lines)) {
    if (record.kind === 'segment') {
      check.segment(record)
      if (record.bytes.byteLength > 0) yield record.bytes
    } else if (check.begin(record)) {
      for await (const bytes of await openBody(record.path)) {
        check.take(bytes)
        yield bytes
      }
      check.end()
    }
  }
}

/** The records of a tar-split as a stream. */
export async function* recordsOfTarSplit(lines: ByteStream): AsyncIterable<TarSplitRecord> {
  let records: TarSplitRecord[] = []
  const reader = new TarSplitReader((record) => void records.push(record))
  for await (const bytes of lines) {
    reader.push(bytes)
    yield* records
    records = []
  }
  reader.end()
}
