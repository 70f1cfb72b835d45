// Bytes behind the end of an archive are no entries, for anybody; they are part of its digest, so they are kept.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TarParser } from '#formats/tar'
import { demandSameView, end, problemOf, rawEntry, seen } from './raw-tar.ts'

const file = rawEntry({ name: 'real' }, 'body')
const hidden = rawEntry({ name: 'hidden' }, 'not part of the archive')

test('a second archive behind the end is not seen', () => {
  const archive = Buffer.concat([file, end, hidden, end])
  for (const step of [archive.length, 512, 1]) {
    assert.deepEqual(
      seen(archive, {}, step).map(({ path }) => path),
      ['real'],
    )
  }
  demandSameView({ archive })
})

test('one zero block is not the end: something else behind it is an error', () => {
  for (const behind of [hidden, Buffer.alloc(512, 'x'), Buffer.concat([Buffer.alloc(511), Buffer.from('x')])]) {
    assert.equal(problemOf(Buffer.concat([file, Buffer.alloc(512), behind])), 'invalid tar header')
  }
  demandSameView({ archive: Buffer.concat([file, Buffer.alloc(512), hidden, end]) })
})

test('every byte behind the end is told, after the end is', () => {
  const garbage = Buffer.from('garbage '.repeat(1000))
  const trailing: Buffer[] = []
  let ended = false
  const parser = new TarParser({
    structure: (bytes) => void (ended && trailing.push(Buffer.from(bytes))),
    entry() {},
    body() {},
    entryEnd() {},
    archiveEnd: () => void (ended = true),
  })
  const archive = Buffer.concat([file, end, garbage])
  for (let at = 0; at < archive.length; at += 333) parser.push(archive.subarray(at, at + 333))
  parser.end()
  assert.ok(Buffer.concat(trailing).equals(garbage))
})

test('noise where a header should be is an error', () => {
  assert.equal(problemOf(Buffer.concat([file, Buffer.alloc(512, 'noise')])), 'invalid tar header')
})
