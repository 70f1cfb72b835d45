import assert from 'node:assert/strict'
import { test } from 'node:test'

import { detectCompression } from './detect-compression.ts'

const beginnings = [
  { hex: '1f8b0800', compression: 'gzip' },
  { hex: '28b52ffd', compression: 'zstd' },
  { hex: 'fd377a585a00', compression: 'xz' },
  { hex: '425a68', compression: 'bzip2' },
  { hex: '', compression: 'uncompressed' },
  { hex: '2e2f0000', compression: 'uncompressed' },
] as const

test('the first bytes of a blob say what it was compressed with', () => {
  const detected = beginnings.map(({ hex }) => ({ hex, compression: detectCompression(Buffer.from(hex, 'hex')) }))
  assert.deepEqual(detected, beginnings)
})

test('a beginning that is too short to be sure is nothing', () => {
  for (const hex of ['1f8b', '28b52f', 'fd377a585a', '425a']) {
    assert.equal(detectCompression(Buffer.from(hex, 'hex')), 'uncompressed')
  }
})

test('a zstd skippable frame at the beginning is a tar to us, as it is to the Go tools', () => {
  assert.equal(detectCompression(Buffer.from('502a4d1804000000', 'hex')), 'uncompressed')
})
