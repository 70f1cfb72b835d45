// A path that comes twice: the parser tells both, in order; recording refuses, as the original does, for it could not be played back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TarParser } from '#formats/tar'
import { TarSplitRecorder } from '#formats/tarsplit'
import { demandSameView, end, extended, failureOf, gnuLong, rawEntry, seen } from './raw-tar.ts'

const record = (archive: Buffer) => {
  const parser = new TarParser(new TarSplitRecorder(() => undefined))
  parser.push(archive)
  parser.end()
}
const twice = (first: string, second: string) =>
  Buffer.concat([rawEntry({ name: first }, 'first'), rawEntry({ name: second }, 'second'), end])

test('the parser tells both', () => {
  assert.deepEqual(
    seen(twice('a', 'a')).map(({ path, body }) => [path, body]),
    [
      ['a', 'first'],
      ['a', 'second'],
    ],
  )
})

test('the recorder refuses the second, spelled in whatever way', () => {
  for (const second of ['a', './a', 'a/', 'b/../a', './/a', 'a/.', './b/./../a/']) {
    const failure = failureOf(() => record(twice('a', second)))
    assert.deepEqual(failure, { code: 'tar-split-invalid', problem: 'duplicates of file paths not supported' }, second)
  }
})

test('also if a long name, a record or a global header makes them the same', () => {
  const other = rawEntry({ name: 'other' })
  for (const second of [gnuLong('a'), extended({ path: 'a' }), extended({ path: 'a' }, 'g')]) {
    assert.equal(
      failureOf(() => record(Buffer.concat([rawEntry({ name: 'a' }), second, other, end]))).code,
      'tar-split-invalid',
    )
  }
})

test('the Go tool draws the line at the same place', () => {
  demandSameView({
    same: twice('a', './a'),
    'not the same': twice('a', 'a.'),
    outside: Buffer.concat([rawEntry({ name: 'd/', flag: '5' }), rawEntry({ name: 'd/../d', flag: '5' }), end]),
    'two global headers': Buffer.concat([extended({ path: 'g' }, 'g'), extended({ path: 'g' }, 'g'), end]),
  })
})
