import { closeSync, createReadStream, readSync } from 'node:fs'
import { decompressed } from '#formats/compression'
import { playTarSplit } from '#formats/tarsplit'
import type { ByteStream } from '#ground/bytes'
import type { Cancellable, LayerId } from '#model'
import type { Driver } from '#parts/drivers'
import { defined } from './defined.ts'

const pieceBytes = 1 << 20
const roomBytes = 256 * 1024

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
  // One room for all reading: what it holds is copied into a piece before more is asked for.
  const room = Buffer.allocUnsafe(roomBytes)
  yield* inPieces(playTarSplit(lines, (path) => contentOf(files.open(path), room)))
}

/** Reads are synchronous: most files are small, and a trip to another thread costs more than they do. */
async function* contentOf(fd: number, room: Buffer): ByteStream {
  try {
    for (;;) {
      const length = readSync(fd, room)
      if (length > 0) yield room.subarray(0, length)
      // A regular file gives less than was asked for only at its end.
      if (length < room.length) return
    }
  } finally {
    closeSync(fd)
  }
}

/** Headers and files put together, so that whoever comes next does not wait for every one of them. Copies: the views given are short-lived. */
async function* inPieces(bytes: ByteStream): ByteStream {
  let piece = Buffer.allocUnsafe(pieceBytes)
  let length = 0
  for await (const some of bytes) {
    for (let from = 0; from < some.byteLength;) {
      const part = some.subarray(from, from + pieceBytes - length)
      piece.set(part, length)
      from += part.byteLength
      length += part.byteLength
      if (length < pieceBytes) continue
      yield piece
      piece = Buffer.allocUnsafe(pieceBytes)
      length = 0
    }
  }
  if (length > 0) yield piece.subarray(0, length)
}
