import assert from 'node:assert/strict'
import { linkSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type IdMaps, textOfLayerPath } from '#model'
import { changesBetween } from './changes-between.ts'
import { type Told, apply, directory, file, symlink } from './trial-entries.ts'
import { type TrialDirectory, trialDirectory } from './trial-listing.ts'

function tree(entries: readonly Told[]): TrialDirectory {
  const trial = trialDirectory()
  apply({ directory: trial.path, semantics: 'unpack-layer' }, entries)
  return trial
}

async function changes(
  now: readonly Told[],
  before: readonly Told[],
  maps: { newMaps?: IdMaps; oldMaps?: IdMaps } = {},
) {
  using newTree = tree(now)
  using oldTree = tree(before)
  const found = await Array.fromAsync(changesBetween(newTree.path, oldTree.path, maps))
  return found.map(({ kind, path }) => `${kind} ${textOfLayerPath(path)}`)
}

test('what is new is added with all below it, what is gone is deleted as one, and the way there is modified', async () => {
  const before = [directory('d/'), file('d/kept'), file('d/gone/f'), file('e/f')]
  const now = [directory('d/'), file('d/kept'), file('d/new/f'), file('e/f')]
  assert.deepEqual(await changes(now, before), ['modify /d', 'delete /d/gone', 'add /d/new', 'add /d/new/f'])
})

test('a file is modified when its size, time, mode, owner, target or attributes are others', async () => {
  const same = { mtime: { seconds: 5, nanoseconds: 5 } }
  const names = ['attribute', 'capability', 'group', 'link', 'mode', 'owner', 'size', 'time']
  const before = [...names.map((name) => file(name, 'x', same)), symlink('link', 'a', same), file('same', 'x', same)]
  const now = [
    file('attribute', 'x', { ...same, xattrs: { 'user.a': 'b' } }),
    file('capability', 'x', {
      ...same,
      xattrs: { 'security.capability': `\u0001\0\0\u0002\0\u0020${'\0'.repeat(14)}` },
    }),
    file('group', 'x', { ...same, gid: 1 }),
    symlink('link', 'b', same),
    file('mode', 'x', { ...same, mode: 0o600 }),
    file('owner', 'x', { ...same, uid: 1 }),
    file('size', 'xx', same),
    file('time', 'x', { mtime: { seconds: 5, nanoseconds: 6 } }),
    file('same', 'x', { ...same, xattrs: { 'trusted.not.compared': 'x' } }),
  ]
  assert.deepEqual(
    await changes(now, before),
    names.map((name) => `modify /${name}`),
  )
})

test('times of whole seconds are equal to those with a fraction, which a tar may have dropped', async () => {
  const at = (nanoseconds: number) => ({ mtime: { seconds: 5, nanoseconds } })
  assert.deepEqual(await changes([file('f', 'x', at(0))], [file('f', 'x', at(7))]), [])
  assert.deepEqual(await changes([file('f', 'x', at(8))], [file('f', 'x', at(7))]), ['modify /f'])
})

test('a directory that became a file is modified, and of a file that became a directory the content is added', async () => {
  assert.deepEqual(await changes([file('a'), file('b/f')], [file('a/f'), file('b')]), [
    'modify /a',
    'modify /b',
    'add /b/f',
  ])
})

test('owners are compared as the container sees them, or as they are where the maps do not know the new one', async () => {
  const map = (hostId: number): IdMaps => {
    const ranges = [{ containerId: 0, hostId, size: 10 }]
    return { uids: ranges, gids: ranges }
  }
  const owned = (id: number) => [file('f', '', { uid: id, gid: id })]
  const maps = { newMaps: map(100), oldMaps: map(200) }
  assert.deepEqual(await changes(owned(103), owned(203), maps), [])
  assert.deepEqual(await changes(owned(103), owned(103), maps), ['modify /f'])
  assert.deepEqual(await changes(owned(300), owned(300), maps), [])
})

test('without an old tree all is added, in the order of bytes', async () => {
  using newTree = tree([file('b/x'), file('b.x'), file('a'), file('é'), file('Z')])
  const found = await Array.fromAsync(changesBetween(newTree.path, undefined))
  assert.deepEqual(
    found.map(({ kind, path }) => `${kind} ${textOfLayerPath(path)}`),
    ['add /Z', 'add /a', 'add /b', 'add /b/x', 'add /b.x', 'add /é'],
  )
})

test('one file under the same name in both trees is not looked at again', async () => {
  using newTree = trialDirectory()
  using oldTree = tree([file('d/f', 'x')])
  mkdirSync(join(newTree.path, 'd'))
  linkSync(join(oldTree.path, 'd/f'), join(newTree.path, 'd/f'))
  assert.deepEqual(await Array.fromAsync(changesBetween(newTree.path, oldTree.path)), [])
})

test('leaving early, and a tree that is not there, give all descriptors back', async () => {
  using newTree = tree([file('d/e/f')])
  for await (const change of changesBetween(newTree.path, undefined)) {
    assert.equal(change.kind, 'add')
    break
  }
  const missing = join(newTree.path, 'missing')
  await assert.rejects(Array.fromAsync(changesBetween(newTree.path, missing)), {
    failure: { code: 'system', call: 'open', path: missing, errno: 'ENOENT' },
  })
})
