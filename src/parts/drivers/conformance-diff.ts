import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { layerPathOfText, parseLayerId, type LayerId } from '#model'
import { directory, file, hardLink, opaque, symlink, whiteout } from './conformance-entries.ts'
import { ConformanceStore, type ConformanceSubject } from './conformance-store.ts'
import type { DiffFiles, DiffOptions } from './driver.ts'

/** What a layer is told to change, and the bytes of that. */
export function tellsWhatChanged(subject: ConformanceSubject): void {
  const title = (text: string): string => `${subject.name}: ${text}`

  test(title('what a container writes are its changes; those who only look change nothing'), async () => {
    await using store = new ConformanceStore(subject)
    const container = await containerAtWork(store)
    assert.deepEqual(await changesOf(store, container, onBase), [
      'add /added',
      'add /added/file',
      'add /etc/renamed',
      'delete /etc/gone',
      'delete /etc/old-name',
      'modify /etc',
      'modify /etc/changed',
    ])
    const looked = await store.layer('looked', 'base', [], { purpose: 'container' })
    readFileSync(path.join(await store.attached(looked, { access: 'read-write' }), 'etc', 'kept'))
    assert.deepEqual(await changesOf(store, looked, onBase), [])
  })

  test(title('a base layer adds all that it has'), async () => {
    await using store = new ConformanceStore(subject)
    const base = await store.layer('base', undefined, [directory('etc'), file('etc/file', 'x'), symlink('link', 'etc')])
    assert.deepEqual(await changesOf(store, base), ['add /etc', 'add /etc/file', 'add /link'])
  })

  test(title('the diff of a layer, applied to its parent, is the layer'), async () => {
    await using store = new ConformanceStore(subject)
    const container = await containerAtWork(store)
    await store.driver.detach(container)
    const entries = await entriesOfTar(store, container, onBase)
    assert.deepEqual(entries.sort(), [
      'added/',
      'added/file',
      'etc/',
      'etc/.wh.gone',
      'etc/.wh.old-name',
      'etc/changed',
      'etc/renamed',
    ])
    const unpacked = path.join(store.place.runRoot, 'unpacked')
    mkdirSync(unpacked, { recursive: true })
    execFileSync('tar', ['-xpC', unpacked], { input: await bytesOf(store, container, onBase) })
    assert.equal(readFileSync(path.join(unpacked, 'etc/changed'), 'utf8'), 'by the container')
    assert.equal(readFileSync(path.join(unpacked, 'etc/renamed'), 'utf8'), 'old name')
  })

  test(title('a diff against a layer further down tells all that lies between'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined, [directory('etc'), file('etc/base', ''), file('gone', '')])
    await store.layer('middle', 'base', [file('etc/middle', ''), whiteout('gone')])
    const top = await store.layer('top', 'middle', [file('etc/top', '')])
    const base = parseLayerId('base')
    assert.deepEqual(await changesOf(store, top, { parent: base }), [
      'add /etc/middle',
      'add /etc/top',
      'delete /gone',
      'modify /etc',
    ])
    const names = await entriesOfTar(store, top, { parent: base })
    assert.deepEqual(names.sort(), ['.wh.gone', 'etc/', 'etc/middle', 'etc/top'])
    assert.deepEqual(await store.driver.isAttached(top), false)
  })

  test(title('an opaque directory in a diff is told as what is gone and what is there instead'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined, [directory('etc'), file('etc/old', ''), file('etc/both', 'lower')])
    const child = await store.layer('child', 'base', [
      directory('etc'),
      opaque('etc'),
      file('etc/both', 'of the upper'),
    ])
    const parts = path.join(store.place.runRoot, 'parts')
    mkdirSync(parts, { recursive: true })
    execFileSync('tar', ['-xpC', parts], { input: await bytesOf(store, child, onBase) })
    assert.equal(readFileSync(path.join(parts, 'etc/both'), 'utf8'), 'of the upper')
    const names = await entriesOfTar(store, child, onBase)
    const hides = names.includes('etc/.wh..wh..opq') || names.includes('etc/.wh.old')
    assert.ok(hides, `nothing hides etc/old: ${names.join(' ')}`)
  })

  test(title('the size of a diff counts the bytes of files, linked ones once'), async () => {
    await using store = new ConformanceStore(subject)
    const base = await store.layer('base', undefined, [file('one', 'x'.repeat(1000)), hardLink('two', 'one')])
    assert.equal(await store.driver.diffSize(base), 1000)
    assert.deepEqual(await store.driver.diskUsage(base), { bytes: 1000, inodes: 2 })
    const child = await store.layer('child', 'base', [file('three', 'x'.repeat(30))])
    assert.equal(await store.driver.diffSize(child, onBase), 30)
  })

  test(title('the files of a layer are read by the names of its tar'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined, [directory('etc'), file('etc/lower', 'from below')])
    const child = await store.layer('child', 'base', [
      file('etc/own', 'own'),
      symlink('alias', '/etc'),
      file('café', 'utf8'),
    ])
    await using files = await store.driver.openDiffFiles(child)
    assert.equal(textOf(files, 'etc/own'), 'own')
    assert.equal(textOf(files, './etc/own'), 'own')
    assert.equal(textOf(files, '/etc/own'), 'own')
    assert.equal(textOf(files, 'etc/lower'), 'from below')
    assert.equal(textOf(files, 'alias/own'), 'own')
    assert.equal(textOf(files, 'café'), 'utf8')
    for (const name of ['nothing', 'etc', 'alias', 'etc/own/']) {
      assert.throws(() => files.open(layerPathOfText(name)), { failure: { code: 'file-unknown', path: name } })
    }
  })

  test(title('a layer cannot have files read that are not its own'), async () => {
    await using store = new ConformanceStore(subject)
    const outside = path.join(store.place.runRoot, 'secret')
    mkdirSync(store.place.runRoot, { recursive: true })
    writeFileSync(outside, 'of the host')
    const layer = await store.layer('layer', undefined, [
      symlink('absolute', outside),
      symlink('directory', store.place.runRoot),
      symlink('up', '../../../../../../../../../../../../../../../../'),
      symlink('proc', '/proc/self/root'),
    ])
    await using files = await store.driver.openDiffFiles(layer)
    const ways = [
      'absolute',
      'directory/secret',
      `up${outside}`,
      `../../../../../../../../../..${outside}`,
      `proc${outside}`,
    ]
    for (const way of ways) {
      assert.throws(() => files.open(layerPathOfText(way)), { failure: { code: 'file-unknown', path: way } }, way)
    }
  })
}

/** A container that has changed, added, renamed and removed something, and is still mounted. */
async function containerAtWork(store: ConformanceStore): Promise<LayerId> {
  await store.layer('base', undefined, [
    directory('etc'),
    file('etc/kept', 'kept'),
    file('etc/changed', 'base'),
    file('etc/gone', 'gone'),
    file('etc/old-name', 'old name'),
    directory('var'),
    file('var/untouched', ''),
  ])
  const container = await store.layer('container', 'base', [], { purpose: 'container' })
  const root = await store.attached(container, { access: 'read-write' })
  writeFileSync(path.join(root, 'etc/changed'), 'by the container')
  rmSync(path.join(root, 'etc/gone'))
  renameSync(path.join(root, 'etc/old-name'), path.join(root, 'etc/renamed'))
  mkdirSync(path.join(root, 'added'))
  writeFileSync(path.join(root, 'added/file'), 'added')
  return container
}

/** What all layers here stand on, unless they stand on nothing. */
const onBase: DiffOptions = { parent: parseLayerId('base') }

async function changesOf(store: ConformanceStore, id: LayerId, options?: DiffOptions): Promise<readonly string[]> {
  const changes = await Array.fromAsync(store.driver.changes(id, options))
  return changes.map(({ kind, path: where }) => `${kind} ${where}`).sort()
}

async function bytesOf(store: ConformanceStore, id: LayerId, options?: DiffOptions): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(store.driver.diff(id, options)))
}

async function entriesOfTar(store: ConformanceStore, id: LayerId, options?: DiffOptions): Promise<string[]> {
  const listing = execFileSync('tar', ['-t'], { input: await bytesOf(store, id, options), encoding: 'utf8' })
  return listing.split('\n').filter((name) => name !== '')
}

function textOf(files: DiffFiles, name: string): string {
  const fd = files.open(layerPathOfText(name))
  try {
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}
