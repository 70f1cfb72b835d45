import { closeSync, createReadStream, readSync } from 'node:fs'
import { decompressed } from '#formats/compression'
import { playTarSplit } from '#formats/tarsplit'
import type { ByteStream } from '#ground/bytes'
import type { Cancellable, LayerId } from '#model'
import type { Driver } from '#parts/drivers'
import { defined } from './defined.ts'

const pieceBytes = 1 << 20

/** The tar that a layer came as, from its tar-split and its files; in pieces of about a MiB. */
export async function* playedBack(
  driver: Pick<Driver, 'openDiffFiles'>,
  id: LayerId,
  tarSplitPath: string,
  options: Cancellable,
): ByteStream {
  await using files = await driver.openDiffFiles(id)
  const lines = decompressed(createReadStream(tarSplitPath, { highWaterMark: pieceBytes }), {
    compression: 'gzip',
    ...defined({ signal: options.signal }),
  })
  yield* inPieces(playTarSplit(lines, (path) => contentOf(files.open(path))))
}

/** Reads are synchronous: most files are small, and a trip to another thread costs more than they do. */
async function* contentOf(fd: number): ByteStream {
  try {
    for (;;) {
      const bytes = Buffer.allocUnsafe(pieceBytes)
      const length = readSync(fd, bytes)
      if (length === 0) return
      yield bytes.subarray(0, length)
    }
  } finally {
    closeSync(fd)
  }
}

/** Headers and small files put together, so that whoever comes next does not wait for every one of them. */
async function* inPieces(bytes: ByteStream): ByteStream {
  let piece = Buffer.allocUnsafe(pieceBytes)
  let length = 0
  for await (const some of bytes) {
    if (length > 0 && length + some.byteLength > pieceBytes) {
      yield piece.subarray(0, length)
      piece = Buffer.allocUnsafe(pieceBytes)
      length = 0
    }
    if (some.byteLength >= pieceBytes) {
      yield some
      continue
    }
    piece.set(some, length)
    length += some.byteLength
  }
  if (length > 0) yield piece.subarray(0, length)
}
