// GHSA-vmf3-w455-68vh: a reader that lets a PAX size change the size of a long-name header between the record and its file reads the
// file's body as headers: two readers, two archives.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demandSameView, end, extended, gnuLong, problemOf, rawEntry, rawHeader, seen } from './raw-tar.ts'

const hidden = rawEntry({ name: 'hidden' }, 'only a confused reader sees this')
const body = hidden.toString('latin1')
const name = 'n'.repeat(120)

test('a PAX size is that of the next file, not of a long-name header before it', () => {
  const archive = Buffer.concat([
    extended({ size: String(body.length) }),
    gnuLong(name),
    rawHeader({ name: 'short', size: 0 }),
    hidden,
    end,
  ])
  assert.deepEqual(seen(archive), [{ kind: 'file', path: name, link: '', size: body.length, body }])
  demandSameView({ archive })
})

test('a PAX size smaller than the long name does not cut it', () => {
  const archive = Buffer.concat([extended({ size: '5' }), gnuLong(name), rawEntry({ size: 99 }, 'right'), end])
  assert.deepEqual(seen(archive), [{ kind: 'file', path: name, link: '', size: 5, body: 'right' }])
})

test('a PAX size is used up by one file', () => {
  const archive = Buffer.concat([
    extended({ size: '5' }),
    rawEntry({ name: 'a' }, 'right'),
    rawEntry({ name: 'b' }),
    end,
  ])
  assert.deepEqual(
    seen(archive).map(({ path, size }) => [path, size]),
    [
      ['a', 5],
      ['b', 0],
    ],
  )
})

test('a PAX size on a link or a directory is told, and no body is taken for it', () => {
  for (const flag of ['1', '2', '5']) {
    const archive = Buffer.concat([
      extended({ size: '512' }),
      rawEntry({ name: 'l', flag, link: 'a' }),
      rawEntry({ name: 'next' }),
      end,
    ])
    assert.deepEqual(
      seen(archive).map(({ path, size, body }) => [path, size, body]),
      [
        ['l', 512, ''],
        ['next', 0, ''],
      ],
    )
  }
})

test('a PAX size that is no size is refused', () => {
  for (const size of ['-1', '1e3', ' 5', '0x5', '9223372036854775808', '9007199254740993', 'five']) {
    assert.equal(problemOf(Buffer.concat([extended({ size }), rawEntry({}, 'right'), end])), 'invalid tar header', size)
  }
})

test('an empty PAX size leaves the header’s', () => {
  const archive = Buffer.concat([extended({ size: '' }), rawEntry({}, 'right'), end])
  assert.deepEqual(seen(archive)[0]?.body, 'right')
})
