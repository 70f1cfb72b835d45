// Negative and base-256 sizes, and sizes that no number here can hold: nothing is allocated for them, nothing runs backwards.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TarParser } from '#formats/tar'
import { demandSameView, end, extended, problemOf, rawEntry, rawHeader, seen } from './raw-tar.ts'

const base256 = (value: bigint) => {
  const bytes = Buffer.alloc(12)
  bytes.writeBigInt64BE(value, 4)
  bytes.fill(value < 0n ? 0xff : 0, 0, 4)
  bytes[0] = (bytes[0] ?? 0) | 0x80
  return bytes.toString('latin1')
}
const file = (size: string) => Buffer.concat([rawEntry({ size }, 'body'), end])

test('a base-256 size is a size', () => {
  assert.equal(seen(file(base256(4n)))[0]?.body, 'body')
  demandSameView({ four: file(base256(4n)) })
})

test('a negative size of a file is refused', () => {
  for (const size of [-1n, -512n, -(2n ** 63n)]) assert.equal(problemOf(file(base256(size))), 'invalid tar header')
  demandSameView({ negative: file(base256(-512n)) })
})

test('a negative size in a header is refused though a record gives another, and in an extension header', () => {
  const mended = Buffer.concat([extended({ size: '4' }), file(base256(-4n))])
  const extension = Buffer.concat([rawHeader({ flag: 'x', size: base256(-1n) }), file(base256(4n))])
  assert.deepEqual([mended, extension].map(problemOf), ['invalid tar header', 'invalid tar header'])
  demandSameView({ mended, extension })
})

test('a size beyond 63 bits, or beyond what counts to the byte, is refused', () => {
  assert.equal(problemOf(file(`\x80${'\xff'.repeat(11)}`)), 'invalid tar header')
  assert.equal(problemOf(file(base256(2n ** 63n - 1n))), 'invalid tar header')
  assert.equal(problemOf(file(base256(2n ** 53n))), 'invalid tar header')
})

test('a size that is not there is an unexpected EOF', () => {
  assert.equal(problemOf(file('77777777777\0')), 'unexpected EOF')
  assert.equal(problemOf(file(base256(2n ** 50n))), 'unexpected EOF')
})

test('digits that are no octal, signs and blanks inside are refused', () => {
  for (const size of ['00000000008\0', '-0000000004\0', '+0000000004\0', '0x000000004\0', '4 4\0\0\0\0\0\0\0\0\0']) {
    assert.equal(problemOf(file(size)), 'invalid tar header', size)
  }
  demandSameView({ nine: file('9          \0'), blanks: file('   4       \0'), inside: file('4\x00004      \0') })
})

test('a declared size costs no memory', () => {
  const before = process.memoryUsage()
  const parser = new TarParser({ entry() {}, body() {}, entryEnd() {} })
  parser.push(rawHeader({ size: base256(2n ** 52n) }))
  const extension = new TarParser({ entry() {}, body() {}, entryEnd() {} })
  extension.push(rawHeader({ flag: 'x', size: 1024 * 1024 }))
  extension.push(Buffer.from('1'))
  const after = process.memoryUsage()
  assert.ok(after.arrayBuffers - before.arrayBuffers < 100_000)
})
