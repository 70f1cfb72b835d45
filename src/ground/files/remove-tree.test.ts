import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { AT_FDCWD, Descriptor, O_DIRECTORY, O_RDONLY, mkdirat, openat, readMountInfo } from '#ground/sys'
import { removeTree } from './remove-tree.ts'

const isRoot = process.geteuid?.() === 0
const scratch = mkdtempSync(join(tmpdir(), 'remove-tree-'))
after(() => rmSync(scratch, { recursive: true }))

let count = 0
function freshPath(): string {
  count += 1
  return join(scratch, String(count))
}

test('files, directories, links and names that are not UTF-8 go, and nothing beside them', async () => {
  const path = freshPath()
  mkdirSync(join(path, 'a/b/c'), { recursive: true })
  writeFileSync(join(path, 'a/file'), 'x')
  writeFileSync(Buffer.from(`${path}/a/b/\xff\xfe`, 'latin1'), 'x')
  execFileSync('mkfifo', [join(path, 'a/fifo')])
  writeFileSync(`${path}-beside`, 'stays')
  await removeTree(path)
  assert.equal(existsSync(path), false)
  assert.equal(readFileSync(`${path}-beside`, 'utf8'), 'stays')
})

test('what is not there is no error, a file alone is removed', async () => {
  const path = freshPath()
  await removeTree(join(path, 'missing/deeper'))
  writeFileSync(path, 'x')
  await removeTree(Buffer.from(path))
  assert.equal(existsSync(path), false)
})

test('symlinks to the outside are removed, what they point to stays', async () => {
  const path = freshPath()
  const outside = freshPath()
  mkdirSync(path)
  mkdirSync(outside)
  writeFileSync(join(outside, 'precious'), 'x')
  symlinkSync(outside, join(path, 'way-out'))
  await removeTree(path)
  assert.equal(existsSync(path), false)
  assert.ok(existsSync(join(outside, 'precious')))
  symlinkSync(outside, path)
  await removeTree(`${path}/`)
  assert.equal(existsSync(path), false)
  assert.ok(existsSync(join(outside, 'precious')))
})

/** In memory where there is such a place, for tests in which numbers count and not the disk. */
function freshPathInMemory(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : scratch, 'remove-tree-'))
}

function treeOf(path: string, levels: number): void {
  let inside = new Descriptor(openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY))
  for (let level = 0; level < levels; level++) {
    mkdirat(inside.fd, 'deeper', 0o700)
    mkdirat(inside.fd, 'aside', 0o700)
    const next = new Descriptor(openat(inside.fd, 'deeper', O_RDONLY | O_DIRECTORY))
    inside.close()
    inside = next
  }
  inside.close()
}

test('a tree of ten thousand levels is removed', async () => {
  const path = freshPathInMemory()
  treeOf(path, 10_000)
  await removeTree(path)
  assert.equal(existsSync(path), false)
})

test(
  'a mount in the way is detached before anything behind it is touched',
  { skip: !isRoot && 'needs root' },
  async () => {
    const path = freshPath()
    const outside = freshPath()
    for (const directory of [join(path, 'deep/mounted'), outside]) mkdirSync(directory, { recursive: true })
    writeFileSync(join(outside, 'precious'), 'x')
    writeFileSync(join(path, 'file'), '')
    execFileSync('mount', ['--bind', outside, join(path, 'deep/mounted')])
    execFileSync('mount', ['--bind', join(outside, 'precious'), join(path, 'file')])
    execFileSync('mount', ['-t', 'tmpfs', 'none', path])
    mkdirSync(join(path, 'on-top'))
    await removeTree(path)
    assert.equal(existsSync(path), false)
    assert.ok(existsSync(join(outside, 'precious')))
    assert.equal(
      readMountInfo().some((mount) => mount.mountpoint.startsWith(path)),
      false,
    )
  },
)

test('immutable files and append-only directories go too', { skip: !isRoot && 'needs root' }, async () => {
  const path = freshPath()
  mkdirSync(join(path, 'log'), { recursive: true })
  writeFileSync(join(path, 'log/file'), 'x')
  execFileSync('chattr', ['+i', join(path, 'log/file')])
  execFileSync('chattr', ['+a', join(path, 'log')])
  await removeTree(path)
  assert.equal(existsSync(path), false)
})

test('a cancelled removal stops in between, a later one finishes it', async () => {
  const path = freshPathInMemory()
  for (let i = 0; i < 5000; i++) writeFileSync(join(path, String(i)), '')
  const cancel = new AbortController()
  const removal = removeTree(path, { signal: cancel.signal })
  setImmediate(() => cancel.abort(new Error('enough')))
  await assert.rejects(removal, { message: 'enough' })
  assert.ok(existsSync(path))
  await removeTree(path)
  assert.equal(existsSync(path), false)
})

test('two who remove the same tree, while a third puts files into it, do not trip over each other', async () => {
  const path = freshPathInMemory()
  treeOf(path, 500)
  for (let i = 0; i < 20; i++) mkdirSync(join(path, `${i}/a/b/c`), { recursive: true })
  for (let i = 0; i < 400; i++) writeFileSync(join(path, `${i % 20}/a/b/${i}`), '')
  const adding = setInterval(() => {
    if (existsSync(join(path, '19/a'))) writeFileSync(join(path, `19/a/new-${Math.random()}`), '')
  }, 0)
  await Promise.all([removeTree(path), removeTree(path)])
  clearInterval(adding)
  assert.equal(existsSync(path), false)
})

test('who swaps directories for symlinks while they are removed does not get us outside', async (t) => {
  const path = freshPathInMemory()
  const outside = freshPath()
  mkdirSync(join(outside, 'etc'), { recursive: true })
  writeFileSync(join(outside, 'etc/precious'), 'x')
  const swapper = new Worker(
    `const { mkdirSync, renameSync, symlinkSync, rmSync, writeFileSync } = require('node:fs')
     const { parentPort, workerData: { path, outside } } = require('node:worker_threads')
     parentPort.postMessage('ready')
     for (let i = 0; ; i++) {
       try {
         mkdirSync(path + '/victim/etc', { recursive: true })
         writeFileSync(path + '/victim/etc/bait', '')
         renameSync(path + '/victim', path + '/aside' + (i % 4))
         symlinkSync(outside, path + '/victim')
         rmSync(path + '/victim')
       } catch (error) {
         if (!error.code) throw error
       }
     }`,
    { eval: true, workerData: { path, outside } },
  )
  t.after(() => swapper.terminate())
  await once(swapper, 'message')
  let removals = 0
  for (const end = Date.now() + 300; Date.now() < end; removals++) {
    await removeTree(join(path, 'victim'))
    await removeTree(join(path, `aside${removals % 4}`))
  }
  await swapper.terminate()
  assert.ok(removals > 20)
  assert.equal(readFileSync(join(outside, 'etc/precious'), 'utf8'), 'x')
  await removeTree(path)
})
