// CVE-2022-2879: an extended header of gigabytes. And many small ones, which cost as much together.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TarParser } from '#formats/tar'
import { demandSameView, end, extended, gnuLong, limitOf, problemOf, rawEntry, rawHeader, seen } from './raw-tar.ts'

const mebibyte = 1024 * 1024

test('an extension header of more than 1 MiB is refused by its own header', () => {
  for (const flag of ['x', 'g', 'L', 'K']) {
    assert.equal(problemOf(rawHeader({ flag, size: mebibyte + 1 })), 'header field too long', flag)
  }
})

test('one of 1 MiB is read', () => {
  const comment = 'c'.repeat(mebibyte - '1048576 comment=\n'.length)
  const archive = Buffer.concat([extended({ comment }), rawEntry({}), end])
  assert.equal(seen(archive, {}, 65_536).length, 1)
  demandSameView({ archive, longer: Buffer.concat([extended({ comment: `${comment}c` }), rawEntry({}), end]) })
})

test('extension headers without an entry between them are refused after 8 MiB', () => {
  const parser = new TarParser({ entry: () => assert.fail('told'), body() {}, entryEnd() {} })
  const one = extended({ comment: 'c'.repeat(100_000) })
  let pushed = 0
  assert.throws(() => {
    for (; pushed < 100 * mebibyte; pushed += one.length) parser.push(one)
  }, /extensionBytes/)
  assert.ok(pushed < 9 * mebibyte)
})

test('the bound begins anew with every entry', () => {
  const file = (name: string) => Buffer.concat([gnuLong(name), extended({ comment: 'c'.repeat(500) }), rawEntry({})])
  const archive = Buffer.concat([file('a'), file('b'), file('c'), end])
  assert.equal(seen(archive, { extensionBytes: 2500 }).length, 3)
  assert.equal(limitOf(archive, { extensionBytes: 1500 }), 'extensionBytes')
})

test('records that are none are refused', () => {
  const broken = [
    '4 a=\n',
    'x',
    '0 a=b\n',
    '-6 a=b\n',
    '6 a=b',
    '6 a=bc',
    '6 =b\n',
    '6 ab \n',
    '18446744073709551622 a=b\n',
    '\n',
    '6',
  ]
  for (const text of broken) {
    assert.equal(
      problemOf(Buffer.concat([extended(text), rawEntry({}), end])),
      'invalid tar header',
      JSON.stringify(text),
    )
  }
  demandSameView(Object.fromEntries(broken.map((text) => [text, Buffer.concat([extended(text), rawEntry({}), end])])))
})

test('one record behind another that is broken does not help', () => {
  assert.equal(problemOf(Buffer.concat([extended('12 path=abc\n7 a=b\n'), rawEntry({}), end])), 'invalid tar header')
})

test('an extension header that nothing follows is no entry', () => {
  assert.deepEqual(seen(Buffer.concat([extended({ path: 'lost' }), end])), [])
  assert.deepEqual(seen(extended({ path: 'lost' })), [])
})
