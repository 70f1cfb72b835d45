import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants, zstdCompressSync } from 'node:zlib'

import { openDirectEngine } from './direct-engine.ts'
import { createInflater } from './inflater.ts'
import type { InflateEngine } from './inflate-engine.ts'
import { ZstdDecoder } from './zstd-decoder.ts'

const first = Buffer.from('the first frame '.repeat(100))
const second = Buffer.from('the second frame '.repeat(100))

function skippable(size: number, kind = 0): Buffer {
  const frame = Buffer.alloc(8 + size, 0xab)
  frame.writeUInt32LE(0x184d2a50 + kind, 0)
  frame.writeUInt32LE(size, 4)
  return frame
}

function inflated(blob: Uint8Array, options: { step?: number; windowBytes?: number } = {}): string {
  const { step = blob.byteLength, ...limits } = options
  using inflater = createInflater('zstd', limits)
  let content = ''
  const keep = (bytes: Uint8Array): void => {
    content += Buffer.from(bytes).toString()
  }
  for (let at = 0; at < blob.byteLength; at += step) inflater.push(blob.subarray(at, at + step), keep)
  inflater.end(keep)
  return content
}

test('skippable frames are passed over, wherever they stand and however they are cut', () => {
  const blobs = [
    [skippable(100), zstdCompressSync(first), zstdCompressSync(second)],
    [zstdCompressSync(first), skippable(0, 15), zstdCompressSync(second)],
    [zstdCompressSync(first), zstdCompressSync(second), skippable(70_000)],
    [skippable(1), skippable(0), zstdCompressSync(first), skippable(3, 7), zstdCompressSync(second), skippable(9)],
  ].map((frames) => Buffer.concat(frames))
  for (const blob of blobs) {
    for (const step of [blob.byteLength, 1000, 5, 1]) {
      assert.equal(inflated(blob, { step }), `${first.toString()}${second.toString()}`)
    }
  }
})

test('a stream of nothing but skippable frames is empty, one of nothing at all is cut off', () => {
  assert.equal(inflated(skippable(12)), '')
  assert.throws(() => inflated(Buffer.alloc(0), { step: 1 }), { message: 'zstd: unexpected EOF' })
  assert.throws(() => inflated(skippable(12).subarray(0, 19)), { message: 'zstd: unexpected EOF' })
})

test('frames without a content size, with checksums, with many blocks and with none all end where they end', () => {
  const long = Buffer.concat([Buffer.alloc(700_000, 'x'), Buffer.from(first.toString('base64').repeat(200))])
  const frames = [long, Buffer.alloc(0), first].flatMap((content) =>
    [0, 1].flatMap((checksum) =>
      [0, 1].map((size) =>
        zstdCompressSync(content, {
          params: { [constants.ZSTD_c_checksumFlag]: checksum, [constants.ZSTD_c_contentSizeFlag]: size },
        }),
      ),
    ),
  )
  const once = long.toString().repeat(4) + first.toString().repeat(4)
  assert.equal(inflated(Buffer.concat(frames)), once)
  assert.equal(inflated(Buffer.concat(frames), { step: 3 }), once)
})

test('the engine never sees two frames at once: some of them stop after the first one', () => {
  const shown: Buffer[] = []
  let current: Buffer[] = []
  const real = openDirectEngine('zstd', { windowLog: 27 })
  assert.ok(real !== undefined)
  const engine: InflateEngine = {
    feed: (input) => {
      current.push(Buffer.from(input))
      real.feed(input)
    },
    read: () => real.read(),
    finish: () => {
      shown.push(Buffer.concat(current))
      current = []
      real.finish()
    },
    get unread() {
      return real.unread
    },
    close: () => real.close(),
  }
  const frames = [zstdCompressSync(first), skippable(10), zstdCompressSync(second), zstdCompressSync(first)]
  const decoder = new ZstdDecoder(engine, 1 << 27)
  decoder.feed(Buffer.concat(frames))
  while (decoder.read() !== undefined);
  decoder.finish()
  decoder.close()
  assert.deepEqual(shown, [frames[0], frames[2], frames[3]])
})

test('a window larger than allowed is refused before anything is made of it', () => {
  // No single segment, a window of 2^(10 + 14), one raw block.
  const wide = Buffer.concat([Buffer.from('28b52ffd0070', 'hex'), rawBlock(first)])
  assert.equal(inflated(wide, { windowBytes: 1 << 24 }), first.toString())
  assert.throws(() => inflated(wide, { windowBytes: (1 << 24) - 1 }), {
    message: 'zstd: window size exceeded: 16777216 bytes',
  })
})

test('a frame that declares petabytes is refused by what it declares', () => {
  // One segment, a content size of eight bytes, all ones.
  const header = Buffer.from('28b52ffde0ffffffffffffffff', 'hex')
  assert.throws(() => inflated(Buffer.concat([header, zstdCompressSync(first)])), /window size exceeded/)
})

/** The last block of a frame, not compressed. */
function rawBlock(content: Uint8Array): Buffer {
  const header = Buffer.alloc(3)
  header.writeUIntLE(content.byteLength * 8 + 1, 0, 3)
  return Buffer.concat([header, content])
}
