// GNU long names and PAX paths for one file: whichever a reader prefers, it has to be the one that other readers prefer.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { demandSameView, end, extended, gnuLong, problemOf, rawEntry, seen } from './raw-tar.ts'

const pax = extended({ path: 'by-pax', linkpath: 'pax-target' })
const file = rawEntry({ name: 'by-header' }, 'body')
const symlink = rawEntry({ name: 'by-header', flag: '2', link: 'header-target' })
const pathsOf = (...parts: readonly Buffer[]) =>
  seen(Buffer.concat([...parts, end])).map(({ path, link }) => [path, link])

test('a GNU long name wins over a PAX path, in either order', () => {
  assert.deepEqual(pathsOf(pax, gnuLong('by-gnu'), file), [['by-gnu', '']])
  assert.deepEqual(pathsOf(gnuLong('by-gnu'), pax, file), [['by-gnu', '']])
  demandSameView({
    'PAX, then GNU': Buffer.concat([pax, gnuLong('by-gnu'), file, end]),
    'GNU, then PAX': Buffer.concat([gnuLong('by-gnu'), pax, file, end]),
  })
})

test('likewise for link targets; each applies to one entry', () => {
  assert.deepEqual(pathsOf(pax, gnuLong('gnu-target', 'K'), symlink, symlink), [
    ['by-pax', 'gnu-target'],
    ['by-header', 'header-target'],
  ])
})

test('of two long names, and of two extended headers, the last counts; the records of the first are gone', () => {
  const archive = [gnuLong('first'), gnuLong('second'), file]
  assert.deepEqual(pathsOf(...archive), [['second', '']])
  assert.deepEqual(pathsOf(extended({ path: 'first', linkpath: 'x' }), extended({ comment: 'no path' }), file), [
    ['by-header', ''],
  ])
})

test('a long name ends at its first NUL; an empty one leaves the header’s', () => {
  assert.deepEqual(pathsOf(gnuLong('seen\0unseen'), file), [['seen', '']])
  assert.deepEqual(pathsOf(gnuLong(''), file), [['by-header', '']])
  assert.deepEqual(pathsOf(rawEntry({ flag: 'L', size: 0 }), file), [['by-header', '']])
})

test('an empty PAX path or target leaves the header’s', () => {
  const empty = extended({ path: '', linkpath: '' })
  assert.deepEqual(pathsOf(empty, symlink), [['by-header', 'header-target']])
})

test('a long name in an archive that is not GNU’s still counts', () => {
  const archive = Buffer.concat([gnuLong('by-gnu', 'L', 'ustar\x0000'), file, end])
  assert.deepEqual(pathsOf(archive), [['by-gnu', '']])
  demandSameView({ archive })
})

test('a global header uses up what stood before it, and changes nothing behind it', () => {
  const global = extended({ path: 'by-global' }, 'g')
  assert.deepEqual(pathsOf(pax, gnuLong('by-gnu'), global, file), [
    ['by-global', ''],
    ['by-header', ''],
  ])
  demandSameView({ archive: Buffer.concat([pax, global, file, end]) })
})

test('a name that turns a file into a directory does so only where the type is not said', () => {
  const old = rawEntry({ name: 'x', flag: '\0', size: 512 })
  assert.deepEqual(seen(Buffer.concat([gnuLong('dir/'), old, file, end]))[0]?.kind, 'directory')
  assert.deepEqual(seen(Buffer.concat([gnuLong('file/'), file, end]))[0]?.kind, 'file')
})

test('a long name that is cut off is an unexpected EOF', () => {
  assert.equal(problemOf(gnuLong('n'.repeat(2000)).subarray(0, 1500)), 'unexpected EOF')
})
