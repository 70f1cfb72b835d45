import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'

import type { ByteStream } from '#ground/bytes'

import { decompressed, type DecompressOptions } from './decompressed.ts'

const content = Buffer.from('what a layer holds\n'.repeat(200_000))

async function* inPieces(bytes: Uint8Array, step: number): ByteStream {
  for (let at = 0; at < bytes.byteLength; at += step) yield bytes.subarray(at, at + step)
}

async function collected(bytes: ByteStream, options?: DecompressOptions): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of decompressed(bytes, options)) pieces.push(piece)
  return Buffer.concat(pieces)
}

test('a stream says by its beginning how it is compressed, even in pieces of one byte', async () => {
  for (const blob of [gzipSync(content), zstdCompressSync(content), content]) {
    assert.ok((await collected(inPieces(blob, 65_536))).equals(content))
    assert.ok((await collected(inPieces(blob.subarray(0, 9), 1)).catch(() => content)).byteLength > 0)
  }
  const small = gzipSync('small')
  assert.equal((await collected(inPieces(small, 1))).toString(), 'small')
})

test('streams too short to be anything pass as they are', async () => {
  assert.equal((await collected(inPieces(Buffer.from('tar'), 1))).toString(), 'tar')
  assert.equal((await collected(inPieces(Buffer.alloc(0), 1))).byteLength, 0)
})

test('pieces belong to the receiver: none is overwritten by the next', async () => {
  const received = await collected(inPieces(gzipSync(content), 1000))
  assert.ok(received.equals(content))
})

test('told what it has to be, a stream that is something else is refused', async () => {
  await assert.rejects(collected(inPieces(content, 1000), { compression: 'gzip' }), { message: 'gzip: invalid header' })
})

test('a stream that is cut off is refused at its end', async () => {
  const blob = gzipSync(content)
  await assert.rejects(collected(inPieces(blob.subarray(0, -4), 1000)), { message: 'gzip: unexpected EOF' })
})

test('an abort stops between two pieces with its reason, and closes the source', async () => {
  const reason = new Error('the user had enough')
  const stop = new AbortController()
  let isClosed = false
  const source = async function* (): ByteStream {
    try {
      yield* inPieces(gzipSync(content), 1000)
    } finally {
      isClosed = true
    }
  }
  const read = async (): Promise<void> => {
    for await (const _piece of decompressed(source(), { signal: stop.signal })) stop.abort(reason)
  }
  await assert.rejects(read(), reason)
  assert.ok(isClosed)
})
