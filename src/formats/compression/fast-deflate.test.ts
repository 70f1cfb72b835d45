import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'

import * as fc from 'fast-check'

import { fastDeflate } from './fast-deflate.ts'
import { fastDeflateSourceDigest } from './fast-deflate-module.ts'

const nothing = new Uint8Array(0)
const efforts = [0, 1] as const

function inflated(compressed: Uint8Array, dictionary: Uint8Array): Buffer {
  return inflateRawSync(compressed, {
    finishFlush: constants.Z_SYNC_FLUSH,
    ...(dictionary.byteLength > 0 && { dictionary }),
  })
}

function assertComesBack(bytes: Uint8Array, dictionary: Uint8Array = nothing): void {
  for (const effort of efforts) {
    for (const place of ['more-follow', 'last'] as const) {
      const compressed = fastDeflate({ bytes, dictionary, place }, effort)
      assert.ok(inflated(compressed, dictionary).equals(bytes), `${bytes.byteLength} bytes, ${place}`)
      assert.ok(compressed.byteLength <= bytes.byteLength + 5 * (2 + bytes.byteLength / 60_000))
    }
  }
}

function text(bytes: number): Buffer {
  const lines = Array.from({ length: 3000 }, (_, number) => `entry ${number} of ${(number * 7919) % 5000}\n`).join('')
  return Buffer.from(lines.repeat(Math.ceil(bytes / lines.length))).subarray(0, bytes)
}

test('what it compresses, zlib reads: nothing, little, much, runs, noise and mixtures', () => {
  assertComesBack(nothing)
  for (const size of [1, 2, 3, 4, 15, 16, 17, 31, 32, 33, 257, 258, 259, 300]) {
    assertComesBack(Buffer.alloc(size, 'a'))
    assertComesBack(randomBytes(size))
    assertComesBack(text(size))
  }
  for (const size of [65_535, 65_536, 65_537, 300_000, (1 << 20) - 1, 1 << 20]) {
    assertComesBack(Buffer.alloc(size))
    assertComesBack(randomBytes(size))
    assertComesBack(text(size))
  }
  const mixed = Buffer.concat([
    text(100_000),
    randomBytes(200_000),
    Buffer.alloc(100_000),
    text(70_000),
    randomBytes(70_000),
  ])
  assertComesBack(mixed)
})

test('matches reach back into the dictionary, up to its first byte', () => {
  const dictionary = randomBytes(32 << 10)
  assertComesBack(dictionary, dictionary)
  assertComesBack(
    Buffer.concat([dictionary.subarray(0, 500), randomBytes(10), dictionary.subarray(9000, 9004)]),
    dictionary,
  )
  const block = { bytes: Uint8Array.from(dictionary), dictionary, place: 'last' } as const
  assert.ok(fastDeflate(block, 1).byteLength < 1000, 'what stands in the dictionary is not written again')
  for (const size of [1, 3, 4, 5, 1000]) assertComesBack(text(5000), dictionary.subarray(0, size))
})

test('counts that would give longer codes than allowed give shorter ones', () => {
  // Sixty symbols as good as evenly, which leaves little to match, and fifteen with the numbers of Fibonacci, which make
  // the deepest tree (the end of the block is the first of them).
  const bytes = randomBytes(60_000).map((byte) => byte % 60)
  let [count, next, at] = [1, 2, 0]
  for (let symbol = 200; symbol < 215; symbol += 1) {
    for (let left = count; left > 0; left -= 1) {
      bytes[at] = symbol
      at += 23
    }
    ;[count, next] = [next, count + next]
  }
  assertComesBack(bytes)
})

test('any content comes back, with any dictionary', () => {
  const letters = fc.uint8Array({ max: 3, maxLength: 4000 })
  const bytes = fc.oneof(letters, fc.uint8Array({ maxLength: 3000 }))
  const repeated = fc
    .tuple(bytes, fc.nat(60), bytes)
    .map(([one, times, other]) => Buffer.concat([...Array.from({ length: times }, () => one), other]))
  fc.assert(
    fc.property(repeated, letters, (content, dictionary) => assertComesBack(content, dictionary)),
    { numRuns: 200 },
  )
})

test('it is worth its while: as small as what zlib makes of text at level 1', () => {
  const bytes = text(1 << 20)
  const byZlib = deflateRawSync(bytes, { level: 1 }).byteLength
  for (const effort of efforts) {
    assert.ok(fastDeflate({ bytes, dictionary: nothing, place: 'last' }, effort).byteLength < byZlib * 1.05)
  }
})

test('the same block gives the same bytes, whatever was compressed before', () => {
  const block = { bytes: text(200_000), dictionary: randomBytes(1000), place: 'last' } as const
  const once = Buffer.from(fastDeflate(block, 1))
  fastDeflate({ bytes: randomBytes(1 << 20), dictionary: randomBytes(32 << 10), place: 'more-follow' }, 1)
  assert.ok(once.equals(fastDeflate(block, 1)))
})

test('the module was made of the sources that lie beside it', () => {
  const digest = createHash('sha256')
  for (const name of globSync('fast-deflate*.as', { cwd: import.meta.dirname }).toSorted()) {
    digest.update(readFileSync(join(import.meta.dirname, name)))
  }
  assert.equal(digest.digest('hex'), fastDeflateSourceDigest, 'run `node tools/build-fast-deflate.mjs`')
})

test('a block that has no room is refused', () => {
  const tooLarge = { bytes: Buffer.alloc((1 << 20) + 1), dictionary: nothing, place: 'last' } as const
  assert.throws(() => fastDeflate(tooLarge, 0), RangeError)
  const tooFar = { bytes: nothing, dictionary: Buffer.alloc((32 << 10) + 1), place: 'last' } as const
  assert.throws(() => fastDeflate(tooFar, 0), RangeError)
})
