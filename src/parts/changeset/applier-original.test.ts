import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type Told,
  apply,
  bytesNamed,
  device,
  directory,
  fifo,
  file,
  hardLink,
  opaque,
  symlink,
  tarOf,
  whiteout,
} from './trial-entries.ts'
import { listingOf, trialDirectory } from './trial-listing.ts'
import { OriginalStore } from './trial-original.ts'

const at = (seconds: number, nanoseconds = 0) => ({ seconds, nanoseconds })

/** What the layer below has, each story in a directory of its own. */
const lower: readonly Told[] = [
  directory('kept/', { mtime: at(5000) }),
  file('kept/old', 'lower'),
  directory('opaque-first/'),
  file('opaque-first/old', 'lower'),
  directory('opaque-first/deep/'),
  file('opaque-first/deep/old', 'lower'),
  directory('opaque-last/'),
  file('opaque-last/old', 'lower'),
  directory('opaque-last/merged/', { mode: 0o700 }),
  file('opaque-last/merged/old', 'lower'),
  directory('replaced/by-file/'),
  file('replaced/by-file/old', 'lower'),
  file('replaced/by-directory', 'lower'),
  symlink('replaced/by-same-link', 'x'),
  file('replaced/by-link', 'lower'),
  directory('replaced/by-fifo/'),
  file('gone/one', 'lower'),
  directory('gone/tree/'),
  file('gone/tree/old', 'lower'),
  file('links/lower', 'lower'),
  directory('target/'),
  symlink('way', 'target'),
  symlink('absolute-way', '/target'),
]

const layer: readonly Told[] = [
  // Kinds of files, with all that a header can say.
  file('kinds/file', 'content', { mode: 0o4750, uid: 1000, gid: 1001, mtime: at(1234, 5678), atime: at(2000) }),
  file('kinds/early-atime', '', { mtime: at(9000), atime: at(10) }),
  file('kinds/empty'),
  file('kinds/large', 'x'.repeat(3_000_000)),
  directory('kinds/directory/', { mode: 0o3775, uid: 7, gid: 8, mtime: at(4321), atime: at(99) }),
  file('kinds/directory/inherits-no-group', '', { uid: 0, gid: 0 }),
  symlink('kinds/symlink', '../../anywhere', { uid: 5, gid: 6, mtime: at(777, 7) }),
  fifo('kinds/fifo', { mode: 0o622, uid: 3 }),
  device('kinds/device', 10, 200, { mode: 0o660, gid: 4 }),
  { header: { ...device('kinds/block', 8, 300).header, kind: 'block-device' }, body: Buffer.alloc(0) },
  // Times beyond what the original keeps.
  file('times/before-1970', '', { mtime: at(-5) }),
  file('times/after-2262', '', { mtime: at(100_000_000_000) }),
  file('times/last', '', { mtime: at(9_223_372_036, 854_775_807) }),
  symlink('times/link-before-1970', 'x', { mtime: at(-5) }),
  symlink('times/link-after-2262', 'x', { mtime: at(100_000_000_000) }),
  directory('times/directory/', { mtime: at(-7) }),
  // Attributes of all namespaces.
  file('attributes/file', 'x', {
    xattrs: { 'user.one': 'first', 'trusted.two': 'second', 'security.selinux': 'never', 'bogus.three': 'ignored' },
  }),
  file('attributes/capability', 'x', {
    uid: 12,
    xattrs: { 'security.capability': '\u0001\0\0\u0002\0\u0020\0\0\0\0\0\0\0\0\0\0\0\0\0\0' },
  }),
  directory('attributes/directory/', { xattrs: { 'user.bytes': '\u0000\u00ff', 'trusted.overlay.opaque': 'y' } }),
  symlink('attributes/symlink', 'x', { xattrs: { 'trusted.two': 'second' } }),
  // Hard links: to files, to symlinks, with other facts than their target's.
  file('links/first', 'linked', { mode: 0o600 }),
  hardLink('links/second', 'links/first', { mode: 0o640, uid: 9, mtime: at(8000) }),
  symlink('links/symlink', 'first'),
  hardLink('links/symlink-again', 'links/symlink', { mode: 0o600 }),
  hardLink('links/by-dots', '../../links/./first', { mode: 0o640, uid: 9, mtime: at(8000) }),
  // Names.
  bytesNamed('names/caf\u00e9', 'latin1'),
  file('names/żółw', 'utf-8'),
  file(`names/${'long/'.repeat(12)}name`, 'deep'),
  file(`names/${'n'.repeat(255)}`, 'as long as a name can be'),
  file('./names//unclean/../clean', 'clean'),
  // Parents that nobody tells of, and ways through symlinks.
  file('implied/parent/file', 'x'),
  file('way/through', 'x'),
  file('absolute-way/too', 'x'),
  directory('usr/bin/'),
  symlink('out', '/usr/bin'),
  file('out/pwn', 'inside'),
  file('../../clamped', 'inside'),
  // What was there is replaced.
  file('replaced/by-file', 'layer'),
  directory('replaced/by-directory/'),
  symlink('replaced/by-same-link', 'y'),
  symlink('replaced/by-link', 'z'),
  fifo('replaced/by-fifo'),
  directory('kept/', { mode: 0o711, uid: 2, mtime: at(6000) }),
  file('kept/new', 'layer'),
  // What was there is gone.
  whiteout('gone/one', { uid: 3, gid: 4 }),
  whiteout('gone/tree'),
  whiteout('gone/never-was'),
  opaque('opaque-first'),
  directory('opaque-first/'),
  file('opaque-first/new', 'layer'),
  directory('opaque-last/'),
  file('opaque-last/new', 'layer'),
  directory('opaque-last/merged/', { mode: 0o750 }),
  file('opaque-last/merged/new', 'layer'),
  opaque('opaque-last'),
  file('.wh..wh.aufs'),
  directory('.wh..wh.plnk/'),
  {
    header: { ...file('global').header, kind: 'global-header', paxRecords: new Map([['comment', 'x']]) },
    body: Buffer.alloc(0),
  },
  directory('/', { mode: 0o751, uid: 1, gid: 2, mtime: at(3000) }),
]

const skip = OriginalStore.isInstalled ? false : 'containers-storage is not installed'

test('with vfs, the tree is the one that containers-storage makes', { skip }, () => {
  using ours = trialDirectory()
  using store = new OriginalStore('vfs')
  assert.equal(store.apply('base', tarOf(lower)), '')
  assert.equal(store.apply('top', tarOf(layer), 'base'), '')
  apply({ directory: ours.path, semantics: 'unpack-layer' }, lower)
  apply({ directory: ours.path, semantics: 'unpack-layer' }, layer)
  const original = listingOf(store.directoryOf('top'), { accessTimes: 'all' })
  // The original makes a temporary directory in the layer, and removes it when the times have been set.
  const root = original['.']?.replace(' now ', ' 3000000000000 ') ?? ''
  assert.deepEqual(listingOf(ours.path, { accessTimes: 'all' }), { ...original, '.': root })
})

test('with overlay, the upper directory is the one that containers-storage makes', { skip }, () => {
  using ours = trialDirectory()
  using store = new OriginalStore('overlay')
  assert.equal(store.apply('top', tarOf(layer)), '')
  mkdirSync(join(ours.path, 'diff'), { mode: 0o555 })
  apply({ directory: join(ours.path, 'diff'), semantics: 'overlay' }, layer)
  // Overlay's driver measures the directory afterwards, and so looks into all of them.
  const upper = listingOf(join(ours.path, 'diff'), { accessTimes: 'files' })
  assert.deepEqual(upper, listingOf(store.directoryOf('top'), { accessTimes: 'files' }))
})
