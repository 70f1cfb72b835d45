import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'

import { createInflater } from './inflater.ts'

const text = Buffer.from('a layer is a record and its content in the store\n'.repeat(200))

function inflated(kind: 'gzip' | 'zstd', blob: Uint8Array, step = blob.byteLength): Buffer {
  using inflater = createInflater(kind)
  const pieces: Buffer[] = []
  const keep = (bytes: Uint8Array): void => void pieces.push(Buffer.from(bytes))
  for (let at = 0; at < blob.byteLength; at += step) inflater.push(blob.subarray(at, at + step), keep)
  inflater.end(keep)
  return Buffer.concat(pieces)
}

const codecs = [
  { kind: 'gzip', compress: gzipSync },
  { kind: 'zstd', compress: zstdCompressSync },
] as const

for (const { kind, compress } of codecs) {
  test(`${kind}: what was compressed comes back, however it is cut`, () => {
    const content = Buffer.concat([text, randomBytes(3_000_000), Buffer.alloc(5_000_000)])
    const blob = Buffer.concat([compress(content), compress(text)])
    assert.ok(inflated(kind, blob).equals(Buffer.concat([content, text])))
    assert.ok(inflated(kind, blob, 4097).equals(Buffer.concat([content, text])))
    assert.ok(inflated(kind, compress(text), 1).equals(text))
  })

  test(`${kind}: a blob that stops early is refused, wherever it stops`, () => {
    const blob = compress(text)
    for (let length = 0; length < blob.byteLength; length += 1) {
      assert.throws(() => inflated(kind, blob.subarray(0, length)), {
        name: 'Fault',
        message: `${kind}: unexpected EOF`,
      })
    }
  })
}
