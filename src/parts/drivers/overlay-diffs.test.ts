import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { recoverStaleDirs } from '#ground/files'
import { parseLayerId } from '#model'
import { directory, file, whiteout, type Said } from './conformance-entries.ts'
import { ConformanceStore } from './conformance-store.ts'
import { entriesOf } from './directory-entries.ts'
import { mountPointsBelow } from './mount-points.ts'
import { createOverlayDriver } from './overlay-driver.ts'

const subject = {
  name: 'overlay',
  create: createOverlayDriver,
  module: import.meta.resolve('./overlay-driver.ts'),
  factory: 'createOverlayDriver',
  depth: 0,
}
const base = { parent: parseLayerId('base') }

test('without a parent a layer is compared with what it stands on', async () => {
  await using store = await threeLayers()
  const changes = await Array.fromAsync(store.driver.changes(parseLayerId('top')))
  assert.deepEqual(
    changes.map(({ kind, path: where }) => `${kind} ${where}`),
    ['add /top0'],
  )
})

test('where the kernel’s own directory does not tell all, trees are compared, with the same result', async () => {
  await using store = await threeLayers()
  const [native, naive] = [await told(store), await told(store, 'not natively')]
  assert.deepEqual(naive, native)
  assert.deepEqual(native, ['add /etc/new', 'delete /etc/old', 'modify /etc'])
})

test('a comparison that is broken off leaves nothing mounted', async () => {
  await using store = await threeLayers()
  for await (const change of store.driver.changes(parseLayerId('top'), base)) {
    assert.equal(mountPointsBelow(store.driver.home).length, 2, `while ${change.path} is looked at`)
    break
  }
  for await (const bytes of store.driver.diff(parseLayerId('top'), base)) {
    assert.ok(bytes.length > 0)
    break
  }
  const aborted = { ...base, signal: AbortSignal.abort(new Error('enough')) }
  await store.layer(
    'wide',
    'top',
    Array.from({ length: 3000 }, (_, number) => file(`wide${number}`, '')),
  )
  await assert.rejects(store.driver.diffSize(parseLayerId('wide'), aborted), { message: 'enough' })
  assert.deepEqual(mountPointsBelow(store.driver.home), [])
  assert.deepEqual(tempDirsOf(store), [])
})

test('a process killed while it compares leaves mounts that the next recovery takes down', async () => {
  await using store = await threeLayers()
  const program = `
    const { createOverlayDriver } = await import(${JSON.stringify(subject.module)})
    const driver = createOverlayDriver(${JSON.stringify(store.place)})
    for await (const change of driver.changes('top', { parent: 'base' })) process.kill(process.pid, 'SIGKILL')
  `
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  assert.equal(child.signal, 'SIGKILL', child.stderr)
  assert.equal(mountPointsBelow(store.driver.home).length, 2)
  for (const root of store.driver.tempRoots) await recoverStaleDirs(root)
  assert.deepEqual(mountPointsBelow(store.driver.home), [])
  assert.deepEqual(tempDirsOf(store), [])
  assert.deepEqual(await store.ids(), ['base', 'middle', 'top'])
})

test('a container is compared while it runs, where it is mounted', async () => {
  await using store = await threeLayers()
  const container = await store.layer('container', 'top', [], { purpose: 'container' })
  const root = await store.attached(container, { access: 'read-write' })
  writeFileSync(path.join(root, 'etc', 'new'), 'of the container')
  const changes = await Array.fromAsync(store.driver.changes(container, base))
  assert.deepEqual(
    changes.map(({ kind, path: where }) => `${kind} ${where}`),
    ['modify /etc', 'add /etc/new', 'delete /etc/old', 'add /top0'],
  )
  assert.equal(readFileSync(path.join(root, 'etc', 'new'), 'utf8'), 'of the container')
})

async function threeLayers(): Promise<ConformanceStore> {
  const store = new ConformanceStore(subject)
  await store.layer('base', undefined, [directory('etc'), file('etc/old', '')])
  await store.layer('middle', 'base', changesOfMiddle)
  await store.layer('top', 'middle', [file('top0', 'top')])
  return store
}

const changesOfMiddle: readonly Said[] = [directory('etc', { seconds: 2 }), whiteout('etc/old'), file('etc/new', 'new')]

async function told(store: ConformanceStore, how?: 'not natively'): Promise<readonly string[]> {
  if (how === 'not natively') {
    const remembered = path.join(store.place.runRoot, 'overlay', 'native-diff()-')
    writeFileSync(`${remembered}false`, 'not here')
    rmSync(`${remembered}true`)
  }
  const driver = createOverlayDriver(store.place)
  const changes = await Array.fromAsync(driver.changes(parseLayerId('middle'), base))
  return changes.map(({ kind, path: where }) => `${kind} ${where}`).sort()
}

function tempDirsOf(store: ConformanceStore): readonly string[] {
  return store.driver.tempRoots.flatMap((root) => entriesOf(root).map((entry) => entry.name))
}
