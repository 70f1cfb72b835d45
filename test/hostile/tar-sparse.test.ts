// CVE-2025-58183: a sparse map without bound. And its cousin: a kilobyte of tar that unfolds to exabytes of zeros.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TarParser } from '#formats/tar'
import {
  demandSameView,
  end,
  extended,
  failureOf,
  gnuMagic,
  limitOf,
  problemOf,
  rawEntry,
  rawHeader,
  seen,
} from './raw-tar.ts'

const version1 = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'sparse' }
const block = (text: string) => text.padEnd(Math.ceil(text.length / 512) * 512, '\0')
const withMap = (map: string, size: number, data = '') =>
  Buffer.concat([extended({ ...version1, 'GNU.sparse.realsize': String(size) }), rawEntry({}, block(map) + data), end])
const octal = (value: number) => `${value.toString(8).padStart(11, '0')}\0`
const gnuSparse = (at: Record<number, string>, realSize: number, stored = 0) =>
  rawHeader({ flag: 'S', magic: gnuMagic, size: stored, at: { 483: octal(realSize), ...at } })

test('a map in the body that goes on and on is refused after 1 MiB', () => {
  const lines = '0000\n'.repeat(400_000)
  assert.equal(problemOf(withMap(`200000\n${lines}`, 1)), 'sparse map too long')
  assert.equal(problemOf(withMap('1'.repeat(2 << 20), 1)), 'sparse map too long')
})

test('a map that announces more regions than are allowed is refused at once', () => {
  assert.equal(limitOf(withMap('300000\n', 1)), 'sparseRegions')
  assert.equal(limitOf(withMap('3\n0\n1\n2\n1\n4\n1\n', 9), { sparseRegions: 2 }), 'sparseRegions')
  const records = { 'GNU.sparse.numblocks': '3', 'GNU.sparse.map': '0,0,0,0,0,0', 'GNU.sparse.size': '9' }
  assert.equal(limitOf(Buffer.concat([extended(records), rawEntry({}), end]), { sparseRegions: 2 }), 'sparseRegions')
})

test('GNU’s own map goes on as long as its blocks say so: empty blocks count too', () => {
  const more = Buffer.alloc(512)
  more[504] = 1
  const archive = Buffer.concat([gnuSparse({ 482: '\x01' }, 100), ...Array.from({ length: 200 }, () => more)])
  assert.equal(limitOf(archive, { sparseRegions: 2100 }), 'sparseRegions')
})

test('a file of exabytes of holes is refused before the first zero', () => {
  const exabyte = 1_000_000_000_000_000
  const sink = { entry: () => assert.fail('told'), body: () => assert.fail('unfolded'), entryEnd() {} }
  for (const archive of [withMap('0\n', exabyte), Buffer.concat([gnuSparse({}, 2 ** 35)])]) {
    const failure = failureOf(() => new TarParser(sink).push(archive))
    assert.deepEqual(failure.code === 'limit-exceeded' && failure.option, 'sparseHoleBytes')
  }
})

test('the holes of all files of an archive count together', () => {
  const file = withMap('0\n', 600).subarray(0, -1024)
  seen(file, { sparseHoleBytes: 1000 })
  assert.equal(limitOf(Buffer.concat([file, file]), { sparseHoleBytes: 1000 }), 'sparseHoleBytes')
})

test('regions that overlap, run backwards, or leave the file are refused', () => {
  const maps = [
    '2\n0\n10\n5\n10\n',
    '2\n20\n5\n0\n5\n',
    '1\n90\n20\n',
    '1\n-5\n5\n',
    '1\n5\n-5\n',
    '1\n9223372036854775807\n1\n',
  ]
  for (const map of [...maps, 'x\n', '-1\n', '1\n0\n', '1\n\n5\n', '1\n0\n 5\n']) {
    const problem = problemOf(withMap(map, 100, 'x'.repeat(20)))
    assert.match(problem, /^(invalid tar header|unexpected EOF)$/, JSON.stringify(map))
  }
  assert.equal(problemOf(withMap('0\n', -1)), 'invalid tar header')
})

test('a map for more bytes than are stored, or for fewer, is refused', () => {
  assert.equal(problemOf(withMap('1\n0\n10\n', 100, 'x'.repeat(9))), 'sparse file references non-existent data')
  assert.equal(problemOf(withMap('1\n0\n10\n', 100, 'x'.repeat(11))), 'sparse file contains unreferenced data')
})

test('a map in records that has not as many numbers as it says is refused', () => {
  for (const [count, map] of [
    ['1', '0,5,5,0'],
    ['2', '0,5'],
    ['1', '5'],
    ['-1', ''],
    ['x', '0,5'],
  ] as const) {
    const records = {
      'GNU.sparse.numblocks': count,
      'GNU.sparse.map': map,
      'GNU.sparse.major': '0',
      'GNU.sparse.minor': '1',
    }
    const archive = Buffer.concat([extended({ ...records, 'GNU.sparse.size': '9' }), rawEntry({}, 'right'), end])
    assert.equal(problemOf(archive), 'invalid tar header', map)
  }
})

test('a directory cannot be sparse', () => {
  const records = {
    'GNU.sparse.numblocks': '0',
    'GNU.sparse.map': '',
    'GNU.sparse.major': '0',
    'GNU.sparse.minor': '1',
  }
  assert.equal(
    problemOf(Buffer.concat([extended(records), rawEntry({ name: 'd/', flag: '5' }), end])),
    'invalid tar header',
  )
})

test('holes at both ends and regions of no length come out in their places', () => {
  const [entry] = seen(withMap('4\n2\n3\n6\n0\n8\n1\n10\n0\n', 12, 'abcd'), {}, 100)
  assert.deepEqual(entry, { kind: 'file', path: 'sparse', link: '', size: 12, body: '\0\0abc\0\0\0d\0\0\0' })
})

test('GNU’s map in header and further blocks is read, and its entry is of another kind', () => {
  const region = (at: number, offset: number, length: number) => ({ [at]: octal(offset), [at + 12]: octal(length) })
  const header = gnuSparse({ ...region(386, 1, 1), ...region(410, 3, 1), 482: '\x01' }, 8, 3)
  const more = Buffer.alloc(512)
  more.write(octal(6) + octal(1), 0)
  const body = Buffer.alloc(512)
  body.write('abc')
  const archive = Buffer.concat([header, more, body, rawEntry({ name: 'next' }), end])
  for (const step of [archive.length, 1]) {
    assert.deepEqual(
      seen(archive, {}, step).map(({ kind, path, body }) => [kind, path, body]),
      [
        ['other', 'name', '\0a\0b\0\0c\0'],
        ['file', 'next', ''],
      ],
    )
  }
})

test('the Go tool sees the same sparse files', () => {
  demandSameView({
    'a map in the body': withMap('2\n2\n3\n8\n1\n', 12, 'abcd'),
    'an empty map': withMap('0\n', 1000),
    'a map of several blocks': withMap(
      `60\n${Array.from({ length: 60 }, (_, n) => `${1e5 + n * 2}\n1\n`).join('')}`,
      1e5 + 200,
      'x'.repeat(60),
    ),
    'overlapping regions': withMap('2\n0\n10\n5\n10\n', 100, 'x'.repeat(20)),
    'too little data': withMap('1\n0\n10\n', 100, 'x'),
    'an unknown version': Buffer.concat([
      extended({ ...version1, 'GNU.sparse.minor': '9' }),
      rawEntry({}, 'plain'),
      end,
    ]),
  })
})
