import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'

import { createInflater } from './inflater.ts'

const skip = spawnSync('xz', ['--version']).error === undefined ? false : 'xz is not installed'

const lines = Array.from({ length: 9000 }, (_, number) => `line ${number} of ${number * 31}\n`).join('')
const content = Buffer.concat([Buffer.from(lines), randomBytes(200_000), Buffer.alloc(300_000), Buffer.from(lines)])

function xz(input: Uint8Array, ...flags: readonly string[]): Buffer {
  return execFileSync('xz', ['-c', ...flags], { input, maxBuffer: 2 ** 28, stdio: ['pipe', 'pipe', 'ignore'] })
}

function inflated(blob: Uint8Array, options: { step?: number; windowBytes?: number } = {}): Buffer {
  const { step = blob.byteLength, ...limits } = options
  using inflater = createInflater('xz', limits)
  const pieces: Buffer[] = []
  const keep = (bytes: Uint8Array): void => void pieces.push(Buffer.from(bytes))
  for (let at = 0; at < blob.byteLength; at += step) inflater.push(blob.subarray(at, at + step), keep)
  inflater.end(keep)
  return Buffer.concat(pieces)
}

test('every way of writing xz is read: checks, blocks, threads, properties, dictionaries', { skip }, () => {
  const ways = [
    ['--check=none'],
    ['--check=crc32'],
    ['--check=crc64'],
    ['--check=sha256'],
    ['--block-size=50000'],
    ['-T2', '--block-size=300000'],
    ['--lzma2=preset=1,lc=0,lp=4,pb=0'],
    ['--lzma2=preset=6,lc=4,lp=0,pb=4'],
    ['--lzma2=preset=6,lc=1,lp=3,pb=1'],
    ['--lzma2=dict=4KiB'],
    ['-9e'],
    ['-0'],
  ]
  for (const way of ways) assert.ok(inflated(xz(content, ...way), { step: 100_003 }).equals(content), way.join(' '))
})

test('more than a dictionary flows through it', { skip }, () => {
  const long = Buffer.concat(Array.from({ length: 9 }, () => content))
  assert.ok(inflated(xz(long, '--lzma2=dict=64KiB')).equals(long))
})

test('zeros between streams and behind the last one are padding, in fours', { skip }, () => {
  const stream = xz(Buffer.from('once '))
  const padded = Buffer.concat([stream, Buffer.alloc(8), stream, Buffer.alloc(4000)])
  for (const step of [padded.byteLength, 1]) assert.equal(inflated(padded, { step }).toString(), 'once once ')

  assert.throws(() => inflated(Buffer.concat([stream, Buffer.alloc(3)])), { message: 'xz: unexpected EOF' })
  assert.throws(() => inflated(Buffer.concat([stream, Buffer.alloc(5), stream])), {
    message: 'xz: invalid stream padding',
  })
})

test('a dictionary larger than allowed is refused before anything is made of it', { skip }, () => {
  const blob = xz(content, '--lzma2=dict=8MiB')
  assert.ok(inflated(blob, { windowBytes: 8 << 20 }).equals(content))
  assert.throws(() => inflated(blob, { windowBytes: 4 << 20 }), { message: 'xz: dictionary too large: 8388608 bytes' })
})

test('a dictionary that is declared and not used costs nothing', { skip }, () => {
  const blob = xz(Buffer.from('small'), '--lzma2=dict=512MiB')
  const before = process.memoryUsage.rss()
  assert.equal(inflated(blob).toString(), 'small')
  assert.ok(process.memoryUsage.rss() - before < 16 << 20)
})

test('filters other than LZMA2 are refused by name', { skip }, () => {
  const refusal = { message: 'an xz filter other than LZMA2 is not supported by this reader' }
  assert.throws(() => inflated(xz(content, '--x86', '--lzma2')), refusal)
  assert.throws(() => inflated(xz(content, '--delta', '--lzma2')), refusal)
})

test('blocks that the index does not know are noticed', { skip }, () => {
  const [one, two] = [xz(content.subarray(0, 5000)), xz(content.subarray(0, 5001))]
  const indexAt = (blob: Buffer): number => blob.byteLength - 12 - (blob.readUInt32LE(blob.byteLength - 8) + 1) * 4
  const mixed = Buffer.concat([one.subarray(0, indexAt(one)), two.subarray(indexAt(two))])
  assert.throws(() => inflated(mixed), { message: 'xz: index does not list the blocks that were read' })
})
