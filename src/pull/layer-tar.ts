import { closeSync, createReadStream, existsSync, readSync } from 'node:fs'
import { decompressed } from '#formats/compression'
import { playTarSplit } from '#formats/tarsplit'
import type { ByteStream } from '#ground/bytes'
import type { Cancellable, Layer } from '#model'
import { diff, type Store } from '#store'

const roomBytes = 1 << 20

/**
 * The tar that a layer came as, for somebody who is done with a piece before asking for the next: pieces are views of the same
 * memory again and again. First touch of memory costs more than all the rest of playing a layer back.
 * @throws as `diff` of the store
 */
export async function* layerTar(store: Store, layer: Layer, options: Cancellable = {}): ByteStream {
  const path = await store.transact({ read: ['layers'] }, (tx) => tx.layers.tarSplitPath(layer.id), options)
  if (!existsSync(path)) return yield* await diff(store, layer.id, { ...options, compression: 'uncompressed' })
  await using files = await store.driver.openDiffFiles(layer.id)
  const lines = decompressed(createReadStream(path), { compression: 'gzip', signal: options.signal })
  const room = Buffer.allocUnsafeSlow(roomBytes)
  yield* gathered(playTarSplit(lines, (file) => contentOf(files.open(file), room)))
}

/** Its size. A layer that was pulled in parts may not know it: then it is played once. */
export async function tarSize(store: Store, layer: Layer, options: Cancellable = {}): Promise<number> {
  if (layer.diffId !== undefined && layer.diffSize !== undefined && layer.diffSize >= 0) return layer.diffSize
  let size = 0
  for await (const piece of layerTar(store, layer, options)) size += piece.byteLength
  return size
}

/** Reads are synchronous: most files are small, and a trip to another thread costs more than they do. */
async function* contentOf(fd: number, room: Uint8Array): ByteStream {
  try {
    for (let length = readSync(fd, room); length > 0; length = readSync(fd, room)) yield room.subarray(0, length)
  } finally {
    closeSync(fd)
  }
}

/** Headers and small files put together, so that whoever comes next does not wait for every one of them. */
async function* gathered(bytes: ByteStream): ByteStream {
  const room = Buffer.allocUnsafeSlow(roomBytes)
  let filled = 0
  for await (const piece of bytes) {
    if (filled + piece.byteLength > roomBytes) {
      yield room.subarray(0, filled)
      filled = 0
    }
    if (piece.byteLength === roomBytes) {
      yield piece
    } else {
      room.set(piece, filled)
      filled += piece.byteLength
    }
  }
  if (filled > 0) yield room.subarray(0, filled)
}
