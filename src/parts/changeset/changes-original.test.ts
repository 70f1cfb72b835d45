// Changes, and archives of them, next to those of containers-storage, of layers that were worked on while they were mounted.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { TarParser, type TarEntry } from '#formats/tar'
import { textOfLayerPath } from '#model'
import { changesBetween } from './changes-between.ts'
import { changesSize } from './changes-size.ts'
import { exportChanges } from './export-changes.ts'
import { exportTree } from './export-tree.ts'
import type { FileChange } from './file-change.ts'
import { overlayChanges } from './overlay-changes.ts'
import { type Told, directory, file, hardLink, opaque, symlink, tarOf, whiteout } from './trial-entries.ts'
import { OriginalStore } from './trial-original.ts'
import { trialDirectory } from './trial-listing.ts'

const lowest: readonly Told[] = [
  directory('d/'),
  file('d/old', 'lower'),
  directory('d/sub/'),
  file('d/sub/f', 'lower'),
  directory('hidden-below/'),
  file('hidden-below/f', 'lower'),
  directory('untouched/'),
  file('untouched/f', 'lower'),
  directory('deep/a/b/'),
  file('deep/a/b/f', 'lower'),
  file('file', 'lower'),
  file('removed', 'lower'),
  file('linked', 'lower'),
  hardLink('linked-too', 'linked'),
  symlink('link', '/etc/passwd'),
  file('becomes-directory', 'lower'),
  directory('becomes-file/'),
  file('becomes-file/f', 'lower'),
  file('attributes', 'lower', { xattrs: { 'user.one': '1' } }),
  file('touched', 'lower', { mtime: { seconds: 5, nanoseconds: 0 } }),
  directory('made-anew/', { mtime: { seconds: 5, nanoseconds: 0 } }),
  directory('mode/'),
]
const middle: readonly Told[] = [
  directory('deep/'),
  directory('deep/a/'),
  whiteout('hidden-below'),
  file('d/middle', 'middle'),
]

const work = `set -e
rm -r d && mkdir d && echo new > d/new && echo old > d/old
mkdir hidden-below && echo new > hidden-below/f
echo more >> file; rm removed; echo more >> linked; ln -sfn elsewhere link
rm becomes-directory && mkdir becomes-directory
rm -r becomes-file && echo x > becomes-file
setfattr -n user.two -v 2 attributes; touch -d @5.7 touched; rmdir made-anew; mkdir made-anew; chmod 700 mode
echo z > deep/a/b/z; mkdir deep/new; echo first > n1; ln n1 n2; chmod 4755 n1; setfattr -n user.x -v 1 n1; setfattr -n trusted.x -v 1 n1
ln -s target s1; ln s1 s2; mkfifo p1; ln p1 p2; mknod device c 4 500; chown 3000000:3000001 p1
touch é $(printf 'x%.0s' $(seq 1 120)); mkdir dé a; touch a.txt a/b a0; touch -d @1000.7 fraction
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'`

/** Layers `lowest`, `middle` and `top`, of which the last is worked on as a container would. */
function workedOn(driver: 'vfs' | 'overlay'): OriginalStore {
  const store = new OriginalStore(driver)
  assert.equal(store.apply('lowest', tarOf(lowest)), '')
  assert.equal(store.apply('middle', tarOf(middle), 'lowest'), '')
  store.run('create-layer', '-i', 'top', 'middle')
  const mountpoint = store.run('mount', 'top').trim().split('\n').at(-1) ?? ''
  execFileSync('sh', ['-c', work], { cwd: mountpoint, stdio: ['ignore', 'inherit', 'inherit'] })
  store.run('unmount', 'top')
  return store
}

const skip = OriginalStore.isInstalled ? false : 'containers-storage is not installed'

test('changes between two trees, and their archive, are those of containers-storage', { skip }, async () => {
  using store = workedOn('vfs')
  const [top, middleTree] = [store.directoryOf('top'), store.directoryOf('middle')]
  const changes = await gathered(changesBetween(top, middleTree))
  assert.deepEqual(shown(changes).toSorted(), linesOf(store.run('changes', 'top')).toSorted())
  const archive = await bytesOf(exportChanges(top, changes))
  assert.deepEqual(entriesOf(archive), originalEntries(store))
  assert.equal(await changesSize(top, changes), Number(store.run('diffsize', 'top').trim().split(/\s+/).at(-1)))
})

test(
  'changes of an overlay, and the archive of its upper directory, are those of containers-storage',
  { skip },
  async () => {
    using store = workedOn('overlay')
    const [top, ...lowers] = ['top', 'middle', 'lowest'].map((layer) => store.directoryOf(layer))
    assert.ok(top !== undefined)
    const changes = await gathered(overlayChanges(top, lowers))
    assert.deepEqual(shown(changes), linesOf(store.run('changes', 'top')))
    assert.deepEqual(entriesOf(await bytesOf(exportTree(top, { overlay: { lowers } }))), originalEntries(store))
  },
)

test('opaque marks and whiteouts that came with a layer go out again as they came', { skip }, async () => {
  using store = new OriginalStore('overlay')
  assert.equal(store.apply('lowest', tarOf(lowest)), '')
  assert.equal(store.apply('middle', tarOf(middle), 'lowest'), '')
  const layer = [
    directory('d/'),
    opaque('d'),
    file('d/new', 'x'),
    whiteout('removed'),
    directory('new/'),
    opaque('new'),
  ]
  assert.equal(store.apply('top', tarOf([...layer, directory('hidden-below/'), opaque('hidden-below')]), 'middle'), '')
  const lowers = ['middle', 'lowest'].map((name) => store.directoryOf(name))
  const entries = entriesOf(await bytesOf(exportTree(store.directoryOf('top'), { overlay: { lowers } })))
  assert.deepEqual(
    entries.map((entry) => entry['path']),
    ['d/', 'd/.wh..wh..opq', 'd/new', 'hidden-below/', 'new/', '.wh.removed'],
  )
  assert.deepEqual(
    shown(await gathered(overlayChanges(store.directoryOf('top'), lowers))),
    linesOf(store.run('changes', 'top')),
  )
})

async function gathered(changes: AsyncIterable<FileChange>): Promise<FileChange[]> {
  return await Array.fromAsync(changes)
}

const words = { modify: 'Modify', add: 'Add', delete: 'Delete' }

function shown(changes: readonly FileChange[]): string[] {
  return changes.map(({ kind, path }) => `${words[kind]} ${JSON.stringify(textOfLayerPath(path))}`)
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(chunks))
}

/** Without what the older original says differently: types among the mode's bits, names of owners, the time of a deletion. */
function entriesOf(archive: Uint8Array): Record<string, unknown>[] {
  const entries: Record<string, unknown>[] = []
  const parser = new TarParser({
    entry: (entry: TarEntry) => {
      const { userName: _user, groupName: _group, mtime, xattrs, paxRecords: _records, ...rest } = entry
      const isDeletion = /(?:^|\/)\.wh\.[^/]*$/.test(entry.path) && entry.mode === 0
      const time = isDeletion ? 'now' : mtime
      entries.push({
        ...rest,
        mode: entry.mode & 0o7777,
        mtime: time,
        xattrs: [...xattrs].map(([name, value]) => `${name}=${String(value)}`),
      })
    },
    body: (bytes) => {
      const entry = entries.at(-1)
      if (entry !== undefined) entry['body'] = Buffer.from(bytes).toString('latin1')
    },
    entryEnd: () => undefined,
  })
  parser.push(archive)
  parser.end()
  return entries
}

function originalEntries(store: OriginalStore): Record<string, unknown>[] {
  using trial = trialDirectory()
  const path = join(trial.path, 'diff.tar')
  store.run('diff', '-f', path, 'top')
  return entriesOf(readFileSync(path))
}
