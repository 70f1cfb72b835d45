import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, linkSync, lstatSync, openSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { copyTree } from './copy-tree.ts'
import { directoryUsage } from './directory-usage.ts'
import { type Told, apply, bytesNamed, device, directory, fifo, file, hardLink, symlink } from './trial-entries.ts'
import { type TrialDirectory, listingOf, trialDirectory } from './trial-listing.ts'

const entries: readonly Told[] = [
  directory('d/', {
    mode: 0o3751,
    uid: 3,
    gid: 4,
    mtime: { seconds: 5, nanoseconds: 6 },
    xattrs: { 'trusted.overlay.opaque': 'y' },
  }),
  file('d/f', 'content', { mode: 0o6711, uid: 7, mtime: { seconds: 8, nanoseconds: 9 }, xattrs: { 'user.a': 'b' } }),
  file('d/e/capable', 'x', { uid: 7, xattrs: { 'security.capability': `\u0001\0\0\u0002\0\u0020${'\0'.repeat(14)}` } }),
  hardLink('again', 'd/f', { mode: 0o6711, uid: 7, mtime: { seconds: 8, nanoseconds: 9 } }),
  symlink('s', '/nowhere', { uid: 9, mtime: { seconds: 1, nanoseconds: 2 } }),
  fifo('p', { mode: 0o622 }),
  device('null', 1, 3, { mode: 0o666, gid: 5 }),
  bytesNamed('caf\u00e9', 'latin1'),
  file('large', 'y'.repeat(3_000_000)),
  file('empty'),
  directory('/', { mode: 0o711, uid: 1, gid: 1 }),
]

function tree(): TrialDirectory {
  const trial = trialDirectory()
  apply({ directory: trial.path, semantics: 'unpack-layer' }, entries)
  return trial
}

test('a copy is the same in everything that belongs to a container', async () => {
  using source = tree()
  using copy = trialDirectory()
  await copyTree(source.path, copy.path)
  for (const name of ['d/f', 'p']) {
    const times = [source, copy].map(({ path }) => lstatSync(join(path, name), { bigint: true }).atimeNs)
    assert.equal(times[0], times[1])
  }
  assert.deepEqual(listingOf(copy.path), listingOf(source.path))
  assert.deepEqual(await directoryUsage(copy.path), await directoryUsage(source.path))
})

test('other attributes are not copied, and without root no devices and no mark of overlay', async () => {
  using source = trialDirectory()
  using copy = trialDirectory()
  const xattrs = { 'trusted.bar': 'x', 'trusted.overlay.opaque': 'y', 'user.a': 'b' }
  apply({ directory: source.path, semantics: 'overlay' }, [
    directory('d/', { xattrs }),
    device('null', 1, 3),
    fifo('p'),
  ])
  await copyTree(source.path, copy.path, { rights: 'user' })
  const listing = listingOf(copy.path)
  assert.deepEqual(Object.keys(listing), ['.', 'd', 'p'])
  assert.match(listing['d'] ?? '', /^directory 755 0:0 1000000000000000000 user\.a=b$/)
})

test('holes stay holes', async () => {
  using source = trialDirectory()
  using copy = trialDirectory()
  const [from, to] = [join(source.path, 'sparse'), join(copy.path, 'sparse')]
  const fd = openSync(from, 'w')
  writeSync(fd, 'begin', 0)
  writeSync(fd, 'middle', 5_000_000)
  closeSync(fd)
  truncateSync(from, 50_000_000)
  await copyTree(source.path, copy.path)
  execFileSync('cmp', [from, to])
  assert.equal(statSync(to).size, 50_000_000)
  assert.ok(statSync(to).blocks * 512 < 1_000_000)
})

test('files may be linked instead of copied', async () => {
  using source = tree()
  using copy = trialDirectory()
  await copyTree(source.path, copy.path, { content: 'link' })
  assert.equal(statSync(join(copy.path, 'large')).ino, statSync(join(source.path, 'large')).ino)
  assert.notEqual(statSync(join(copy.path, 'd')).ino, statSync(join(source.path, 'd')).ino)
})

test('files with names outside of the tree are copied once', async () => {
  using outside = trialDirectory()
  using source = tree()
  using copy = trialDirectory()
  linkSync(join(source.path, 'd/f'), join(outside.path, 'f'))
  await copyTree(source.path, copy.path)
  assert.equal(statSync(join(copy.path, 'd/f')).nlink, 2)
  assert.equal(statSync(join(copy.path, 'd/f')).ino, statSync(join(copy.path, 'again')).ino)
})

test('a name that is there already is a fault that names it, and an abort is heard', async () => {
  using source = tree()
  using copy = trialDirectory()
  apply({ directory: copy.path, semantics: 'overlay' }, [file('d/f', 'other')])
  const failure = { code: 'system', call: 'open', path: '/d/f', errno: 'EEXIST' }
  const exists = { ...failure, path: '/again' }
  await assert.rejects(copyTree(source.path, copy.path), (error: { failure?: unknown }) => {
    // Which of the two names comes first is the file system's choice.
    assert.ok(
      [failure, { ...exists, call: 'link' }, { ...failure, call: 'link' }].some(
        (one) => JSON.stringify(one) === JSON.stringify(error.failure),
      ),
    )
    return true
  })
  await assert.rejects(copyTree(source.path, copy.path, { signal: AbortSignal.abort(new Error('enough')) }), /enough/)
})

test('usage counts every file once, and directories without bytes', async () => {
  using trial = trialDirectory()
  apply({ directory: trial.path, semantics: 'overlay' }, [
    file('f', '123456'),
    hardLink('again', 'f'),
    symlink('s', 'ab'),
    directory('d/'),
    device('gone', 0, 0),
  ])
  assert.deepEqual(await directoryUsage(trial.path), { bytes: 8, inodes: 5 })
  await assert.rejects(directoryUsage(join(trial.path, 'missing')), { name: 'Fault' })
})
