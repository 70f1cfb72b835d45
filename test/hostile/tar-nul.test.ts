// A NUL inside a PAX string ends it for a reader in C, and does not for others: two readers, two names.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demandSameView, end, extended, problemOf, rawEntry, seen } from './raw-tar.ts'

const archiveWith = (records: Readonly<Record<string, string>>) => Buffer.concat([extended(records), rawEntry({}), end])

test('names and owners with a NUL are refused', () => {
  for (const key of ['path', 'linkpath', 'uname', 'gname']) {
    assert.equal(problemOf(archiveWith({ [key]: 'seen\0unseen' })), 'invalid tar header', key)
    assert.equal(problemOf(archiveWith({ [key]: '\0' })), 'invalid tar header', key)
  }
})

test('a key with a NUL is refused', () => {
  assert.equal(problemOf(archiveWith({ 'comment\0path': 'x' })), 'invalid tar header')
})

test('a NUL in a global header’s path is refused as well', () => {
  const archive = Buffer.concat([extended({ path: 'a\0b' }, 'g'), rawEntry({}), end])
  assert.equal(problemOf(archive), 'invalid tar header')
})

test('a NUL in an attribute’s value is data', () => {
  const archive = archiveWith({ 'SCHILY.xattr.user.binary': 'a\0b' })
  assert.equal(seen(archive).length, 1)
  demandSameView({ archive, refused: archiveWith({ path: 'seen\0unseen' }), key: archiveWith({ 'a\0b': 'x' }) })
})

test('a NUL in a header field ends it, whatever stands behind', () => {
  const archive = Buffer.concat([rawEntry({ name: 'seen\0unseen', prefix: 'pre\0fix' }), end])
  assert.deepEqual(
    seen(archive).map(({ path }) => path),
    ['pre/seen'],
  )
  demandSameView({ archive })
})
