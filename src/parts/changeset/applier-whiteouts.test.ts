import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeOf } from './change.ts'
import {
  type Told,
  apply,
  applyLayers,
  directory,
  file,
  hardLink,
  opaque,
  symlink,
  tarOf,
  whiteout,
} from './trial-entries.ts'
import { contentsOf, listingOf, trialDirectory } from './trial-listing.ts'
import { TarParser, type TarEntry } from '#formats/tar'

function unpacked(...layers: readonly (readonly Told[])[]): Readonly<Record<string, string>> {
  using trial = trialDirectory()
  applyLayers(trial.path, ...layers)
  return contentsOf(trial.path)
}

function overlaid(layer: readonly Told[], overlayXattrs?: 'trusted' | 'user'): Readonly<Record<string, string>> {
  using trial = trialDirectory()
  apply(
    { directory: trial.path, semantics: 'overlay', ...(overlayXattrs === undefined ? {} : { overlayXattrs }) },
    layer,
  )
  return listingOf(trial.path)
}

const lower = [
  directory('d/'),
  file('d/old', 'lower'),
  directory('d/deep/'),
  file('d/deep/old', 'lower'),
  file('top', 'lower'),
]

test('a whiteout hides one name with all that is below it, and nothing that is not there', () => {
  assert.deepEqual(unpacked(lower, [whiteout('d/deep'), whiteout('d/never'), whiteout('other/never')]), {
    d: 'directory',
    'd/old': 'lower',
    other: 'directory',
    top: 'lower',
  })
})

test('a whiteout hides what its own layer has said before, and what the layer says later stays', () => {
  assert.deepEqual(unpacked([file('a', 'x'), whiteout('a')]), {})
  assert.deepEqual(unpacked(lower, [whiteout('d'), file('d/new', 'x')]), { d: 'directory', 'd/new': 'x', top: 'lower' })
})

test('an opaque mark hides what lower layers have, before and after the entries of its directory alike', () => {
  const entries = [directory('d/'), file('d/new', 'layer'), directory('d/deep/'), file('d/deep/new', 'layer')]
  const expected = { d: 'directory', 'd/new': 'layer', 'd/deep': 'directory', 'd/deep/new': 'layer', top: 'lower' }
  assert.deepEqual(unpacked(lower, [opaque('d'), ...entries]), expected)
  assert.deepEqual(unpacked(lower, [...entries, opaque('d')]), expected)
  assert.deepEqual(unpacked(lower, [...entries.slice(0, 2), opaque('d'), ...entries.slice(2)]), expected)
  assert.deepEqual(unpacked(lower, [...entries, opaque('d'), opaque('d/deep'), opaque('d')]), expected)
  assert.deepEqual(unpacked(lower, [...entries, opaque('d/deep'), opaque('d')]), expected)
})

test('an opaque mark keeps a directory that no entry tells of when the layer has put something into it', () => {
  assert.deepEqual(unpacked(lower, [file('d/deep/new', 'layer'), opaque('d')]), {
    d: 'directory',
    'd/deep': 'directory',
    'd/deep/new': 'layer',
    top: 'lower',
  })
})

test('an opaque mark for the root hides all', () => {
  assert.deepEqual(unpacked(lower, [file('new', 'x'), opaque('')]), { new: 'x' })
})

test('an opaque mark hides a lower name that is now linked to, but not the link', () => {
  assert.deepEqual(unpacked(lower, [hardLink('d/link', 'd/old'), opaque('d')]), {
    d: 'directory',
    'd/link': 'lower',
    top: 'lower',
  })
})

test('an opaque mark reached through a symlink is one for the directory behind it', () => {
  assert.deepEqual(unpacked(lower, [symlink('way', 'd'), file('way/new', 'x'), opaque('d')]), {
    d: 'directory',
    'd/new': 'x',
    top: 'lower',
    way: '-> d',
  })
})

test('after an opaque mark the layer may still put names there that lower layers had', () => {
  assert.deepEqual(unpacked(lower, [opaque('d'), file('d/old', 'again'), opaque('d'), file('d/deep/old', 'again')]), {
    d: 'directory',
    'd/old': 'again',
    'd/deep': 'directory',
    'd/deep/old': 'again',
    top: 'lower',
  })
})

test('in an overlay a whiteout is a device 0:0 without rights, owned as the header says', () => {
  const listing = overlaid([whiteout('d/gone', { uid: 3, gid: 4, mode: 0o644 })])
  assert.equal(listing['d/gone'], 'char-device 0 3:4 now device 0')
})

test('in an overlay an opaque mark is an attribute of its directory, also of the root', () => {
  const inTrusted = overlaid([directory('d/'), opaque('d'), opaque('')])
  assert.match(inTrusted['d'] ?? '', / trusted\.overlay\.opaque=y$/)
  assert.match(inTrusted['.'] ?? '', / trusted\.overlay\.opaque=y$/)
  assert.match(overlaid([opaque('d')], 'user')['d'] ?? '', / user\.overlay\.opaque=y$/)
})

test('in an overlay a later entry takes the place of a whiteout, but no whiteout that of an entry', () => {
  assert.match(overlaid([whiteout('a'), file('a', 'x')])['a'] ?? '', /^file /)
  assert.throws(() => overlaid([file('a', 'x'), whiteout('a')]), {
    failure: { code: 'system', call: 'mknod', path: '/.wh.a', errno: 'EEXIST' },
  })
})

test('in an overlay there is nothing to mark below what is hidden already', () => {
  const listing = overlaid([whiteout('d'), whiteout('d/old'), opaque('d')])
  assert.deepEqual(Object.keys(listing), ['.', 'd'])
})

test('what AUFS kept for itself is left out, and its hard links get copies of the files there', () => {
  const entries = [
    directory('.wh..wh.plnk/'),
    file('.wh..wh.plnk/123.45', 'linked', { mode: 0o751, uid: 7 }),
    file('.wh..wh.plnk/67', 'x'.repeat(2_000_000)),
    file('.wh..wh.aufs'),
    directory('.wh..wh.orph/'),
    hardLink('d/link', '.wh..wh.plnk/123.45'),
    hardLink('d/large', '.wh..wh.plnk/67'),
    hardLink('link-again', './.wh..wh.plnk/123.45'),
  ]
  using trial = trialDirectory()
  applyLayers(trial.path, entries)
  const listing = listingOf(trial.path)
  assert.deepEqual(Object.keys(listing).toSorted(), ['.', '.wh..wh.plnk', 'd', 'd/large', 'd/link', 'link-again'])
  assert.match(listing['d/link'] ?? '', /^file 751 7:0 1000000000000000000 6:/)
  assert.match(listing['link-again'] ?? '', /^file 751 7:0 1000000000000000000 6:/)
  assert.match(listing['d/large'] ?? '', / 2000000:/)
  assert.throws(() => unpacked([hardLink('a', '.wh..wh.plnk/never')]), /invalid aufs hardlink/)
})

test('in an overlay names of AUFS are whiteouts like others', () => {
  const listing = overlaid([directory('.wh..wh.plnk/'), file('.wh..wh.aufs'), file('.wh..wh.plnk/1', 'x')])
  assert.deepEqual(
    Object.keys(listing).toSorted(),
    ['.', '.wh..wh.plnk', '.wh..wh.plnk/1', '.wh.aufs', '.wh.plnk'].toSorted(),
  )
  assert.match(listing['.wh.aufs'] ?? '', /^char-device 0 /)
})

test('an entry is read as what it changes', () => {
  const changes = entriesOf([
    whiteout('./d//gone'),
    opaque('d'),
    opaque(''),
    file('d/.whale'),
    file('.wh..wh.aufs'),
  ]).map(changeOf)
  assert.deepEqual(changes.slice(0, 3), [
    { kind: 'whiteout', path: 'd/gone' },
    { kind: 'opaque', path: 'd' },
    { kind: 'opaque', path: '' },
  ])
  assert.deepEqual(
    changes.slice(3).map(({ kind, path }) => [kind, path]),
    [
      ['file', 'd/.whale'],
      ['whiteout', '.wh.aufs'],
    ],
  )
})

function entriesOf(entries: readonly Told[]): TarEntry[] {
  const found: TarEntry[] = []
  const parser = new TarParser({
    entry: (entry) => found.push(entry),
    body: () => undefined,
    entryEnd: () => undefined,
  })
  parser.push(tarOf(entries))
  parser.end()
  return found
}
