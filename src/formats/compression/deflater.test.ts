import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'

import { createDeflater } from './deflater.ts'

function deflated(codec: 'gzip' | 'zstd', content: Uint8Array, step = content.byteLength): Buffer {
  const deflater = createDeflater(codec, { level: 1 })
  const pieces: Buffer[] = []
  const keep = (bytes: Uint8Array): void => void pieces.push(Buffer.from(bytes))
  for (let at = 0; at < content.byteLength; at += step) deflater.push(content.subarray(at, at + step), keep)
  deflater.end(keep)
  return Buffer.concat(pieces)
}

for (const [codec, inflate] of [
  ['gzip', gunzipSync],
  ['zstd', zstdDecompressSync],
] as const) {
  for (const size of [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 4 << 20, 9_000_000]) {
    test(`${codec}: ${size} bytes make the same blob however they are pushed, and come back from it`, () => {
      const content = Buffer.from('one line of many, all alike\n'.repeat(Math.ceil(size / 28))).subarray(0, size)
      const blob = deflated(codec, content)
      assert.ok(inflate(blob).equals(content))
      assert.ok(deflated(codec, content, 70_001).equals(blob))
    })
  }
}

test('a gzip blob begins as those that the Go tools write for tar-split files', () => {
  assert.equal(deflated('gzip', Buffer.from('{}')).subarray(0, 10).toString('hex'), '1f8b080000096e8804ff')
})

test('a level that the codec does not have is refused', () => {
  assert.throws(() => createDeflater('gzip', { level: 12 }), { message: 'level: gzip has the levels 1 to 9, not 12' })
})
