import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type TarEntry, TarParser } from '#formats/tar'
import { Fault, layerPathOfText, textOfLayerPath } from '#model'
import type { SkippedFile } from './archive-writer.ts'
import { exportChanges } from './export-changes.ts'
import { type ExportTreeOptions, exportTree } from './export-tree.ts'
import { type Told, apply, bytesNamed, device, directory, fifo, file, hardLink, symlink } from './trial-entries.ts'
import { listingOf, trialDirectory } from './trial-listing.ts'

async function archiveOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks))
}

function entriesOf(archive: Uint8Array): TarEntry[] {
  const entries: TarEntry[] = []
  const parser = new TarParser({
    entry: (entry) => entries.push(entry),
    body: () => undefined,
    entryEnd: () => undefined,
  })
  parser.push(archive)
  parser.end()
  return entries
}

async function exported(entries: readonly Told[], options: ExportTreeOptions = {}): Promise<TarEntry[]> {
  using trial = trialDirectory()
  apply({ directory: trial.path, semantics: 'unpack-layer' }, entries)
  return entriesOf(await archiveOf(exportTree(trial.path, options)))
}

const everything: readonly Told[] = [
  directory('d/', { mode: 0o3755, uid: 3, gid: 4 }),
  file('d/f', 'content', {
    mode: 0o4711,
    uid: 70_000,
    xattrs: { 'user.a': 'b\0\u00ff', 'security.capability': `\u0001\0\0\u0002\0\u0020${'\0'.repeat(14)}` },
  }),
  hardLink('d/f-too', 'd/f', { mode: 0o4711, uid: 70_000 }),
  symlink('d/s', '../anywhere'),
  hardLink('d/s-too', 'd/s'),
  fifo('p'),
  device('null', 1, 300),
  file('large', 'y'.repeat(1_000_000)),
  file('exact', 'z'.repeat(512)),
  bytesNamed('caf\u00e9', 'latin1'),
  file(`long/${'n'.repeat(200)}`, 'x'),
]

test('a tree that was exported and applied is the same tree', async () => {
  using one = trialDirectory()
  using other = trialDirectory()
  apply({ directory: one.path, semantics: 'unpack-layer' }, [...everything, directory('/', { mode: 0o700 })])
  const archive = await archiveOf(exportTree(one.path))
  execFileSync('tar', ['--xattrs', '--xattrs-include=*', '-xpf', '-'], { cwd: other.path, input: archive })
  const [expected, actual] = [listingOf(one.path), listingOf(other.path)]
  assert.deepEqual({ ...actual, '.': expected['.'], long: expected['long'] }, expected)
})

test('entries are in the order of names, a directory before what is in it', async () => {
  const paths = (await exported([file('a/z'), file('a.b'), file('a-b'), file('B'), directory('a/c/')])).map(
    ({ path }) => path,
  )
  assert.deepEqual(paths, ['B', 'a/', 'a/c/', 'a/z', 'a-b', 'a.b'])
})

test('an archive says whole seconds, numeric owners, no type among the bits of a mode, and ends with two blocks of zeros', async () => {
  using trial = trialDirectory()
  apply({ directory: trial.path, semantics: 'overlay' }, [
    file('f', 'x', { mode: 0o644, mtime: { seconds: 9, nanoseconds: 999 } }),
  ])
  const archive = await archiveOf(exportTree(trial.path))
  assert.equal(archive.length, 512 + 512 + 1024)
  const [entry] = entriesOf(archive)
  assert.deepEqual([entry?.mtime, entry?.mode, entry?.userName], [{ seconds: 9, nanoseconds: 0 }, 0o644, ''])
})

test('attributes of other namespaces stay where they are', async () => {
  const [entry] = await exported([
    file('f', 'x', { xattrs: { 'user.a': 'b', 'user.overlay.x': 'c', 'trusted.y': 'd' } }),
  ])
  assert.deepEqual(
    [...(entry?.xattrs ?? [])].map(([name, value]) => [name, String(value)]),
    [['user.a', 'b']],
  )
})

test('owners are those of the container; files of strangers and sockets are left out and told', async () => {
  using trial = trialDirectory()
  apply({ directory: trial.path, semantics: 'unpack-layer' }, [
    file('mapped', '', { uid: 1003, gid: 1004 }),
    file('strange', '', { uid: 5 }),
  ])
  execFileSync('python3', ['-c', 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'], { cwd: trial.path })
  const ranges = [{ containerId: 0, hostId: 1000, size: 10 }]
  const skipped: SkippedFile[] = []
  const chunks = exportTree(trial.path, {
    idMaps: { uids: ranges, gids: ranges },
    onSkip: (file) => skipped.push(file),
  })
  const entries = entriesOf(await archiveOf(chunks))
  assert.deepEqual(
    entries.map(({ path, uid, gid }) => [path, uid, gid]),
    [['mapped', 3, 4]],
  )
  const reasons = skipped.map(({ path, reason }) => [path, reason instanceof Fault ? reason.failure.code : reason])
  assert.deepEqual(reasons, [
    ['socket', 'unsupported'],
    ['strange', 'id-unmapped'],
  ])
})

test('without conversion whiteouts of an overlay are the devices that they are', async () => {
  const entries = [device('gone', 0, 0, { mode: 0 }), directory('d/', { xattrs: { 'trusted.overlay.opaque': 'y' } })]
  assert.deepEqual(
    (await exported(entries)).map(({ kind, path }) => [kind, path]),
    [
      ['directory', 'd/'],
      ['char-device', 'gone'],
    ],
  )
  const converted = await exported(entries, { overlay: { lowers: [] } })
  assert.deepEqual(
    converted.map(({ kind, path, mode }) => [kind, path, mode]),
    [
      ['directory', 'd/', 0o755],
      ['file', '.wh.gone', 0],
    ],
  )
})

test('a file that grows is cut off at the size it had, one that shrinks ends the archive with a fault', async () => {
  using trial = trialDirectory()
  const path = join(trial.path, 'f')
  for (const change of [() => appendFileSync(path, 'more'), () => truncateSync(path, 10)]) {
    writeFileSync(path, 'x'.repeat(2_000_000))
    const chunks = exportTree(trial.path)
    const first = await chunks.next()
    assert.equal(first.done, false)
    change()
    const rest = Array.fromAsync(chunks)
    if (change.toString().includes('truncate'))
      await assert.rejects(rest, {
        failure: { code: 'size-mismatch', expected: 2_000_000, actual: 262_144 - 512, what: 'f' },
      })
    else
      assert.equal(
        (await rest).reduce((sum, chunk) => sum + chunk.length, 262_144),
        512 + 2_000_384 + 1024,
      )
  }
})

test('an archive of changes is in the order of whole paths, deletions by the path that they delete', async () => {
  using trial = trialDirectory()
  apply({ directory: trial.path, semantics: 'overlay' }, [file('a/b', 'x'), file('a.txt'), hardLink('linked', 'a/b')])
  const change = (kind: 'add' | 'modify' | 'delete', path: string) => ({ kind, path: layerPathOfText(path) })
  const changes = [
    change('delete', '/a/gone'),
    change('add', '/linked'),
    change('modify', '/a'),
    change('add', '/a.txt'),
    change('delete', '/Z'),
  ]
  const skipped: SkippedFile[] = []
  const chunks = exportChanges(trial.path, [...changes, change('add', '/a/vanished')], {
    onSkip: (file) => skipped.push(file),
  })
  const entries = entriesOf(await archiveOf(chunks))
  assert.deepEqual(
    entries.map(({ kind, path, size }) => [kind, textOfLayerPath(path), size]),
    [
      ['file', '.wh.Z', 0],
      ['directory', 'a/', 0],
      ['file', 'a.txt', 0],
      ['file', 'a/.wh.gone', 0],
      ['file', 'linked', 1],
    ],
  )
  assert.deepEqual(
    skipped.map(({ path }) => path),
    ['a/vanished'],
  )
})
