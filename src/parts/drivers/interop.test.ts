// One graph root, two programs: what Debian's containers-storage makes of our layers, and we of its.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { parseLayerId } from '#model'
import { directory, file, hardLink, opaque, symlink, whiteout } from './conformance-entries.ts'
import { ConformanceStore, type ConformanceSubject } from './conformance-store.ts'
import { treeOf } from './conformance-tree.ts'
import { createOverlayDriver } from './overlay-driver.ts'
import { createVfsDriver } from './vfs-driver.ts'

const drivers: readonly ConformanceSubject[] = [
  { name: 'overlay', create: createOverlayDriver, module: '', factory: '', depth: 0 },
  { name: 'vfs', create: createVfsDriver, module: '', factory: '', depth: 0 },
]
const isInstalled = spawnSync('containers-storage', ['version']).error === undefined

for (const subject of drivers) {
  test(`${subject.name}: the original shows a chain of ours as we do, and goes on with it`, async (context) => {
    if (skipped(context)) return
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined, [
      directory('etc'),
      file('etc/gone', ''),
      file('etc/kept', 'x', { uid: 5, mode: 0o4755 }),
      directory('var'),
      file('var/old', ''),
    ])
    await store.layer('middle', 'base', [whiteout('etc/gone'), directory('var'), opaque('var'), file('var/new', 'new')])
    const top = await store.layer('top', 'middle', [
      symlink('link', 'etc/kept'),
      hardLink('again', 'link'),
      file('top', ''),
    ])
    const ours = await store.tree(top)
    writeRecords(store, [['base'], ['middle', 'base'], ['top', 'middle']])
    assert.deepEqual(treeOf(theirs(store, 'mount', 'top').trim()), ours)
    theirs(store, 'unmount', 'top')
    assert.equal(await store.driver.isAttached(top), false)
    const changes = await Array.fromAsync(store.driver.changes(top, { parent: parseLayerId('middle') }))
    assert.deepEqual(
      theirs(store, 'changes', 'top').trim().split('\n').sort(),
      changes.map(({ kind, path: where }) => `${words[kind]} "${where}"`).sort(),
    )
    theirs(store, 'create-layer', '-i', 'theirs', 'top')
    assert.deepEqual(await store.tree(parseLayerId('theirs')), ours)
    theirs(store, 'delete-layer', 'theirs')
    assert.deepEqual(await store.ids(), ['base', 'middle', 'top'])
  })

  test(`${subject.name}: a chain of the original is shown, told, extended and removed by us`, async (context) => {
    if (skipped(context)) return
    await using store = new ConformanceStore(subject)
    theirs(store, 'create-layer', '-i', 'base')
    applyTar(store, 'base', { 'etc/gone': '', 'etc/kept': 'kept', 'var/old': '' })
    theirs(store, 'create-layer', '-i', 'middle', 'base')
    applyTar(store, 'middle', { 'etc/.wh.gone': '', 'var/.wh..wh..opq': '', 'var/new': 'new' })
    const middle = parseLayerId('middle')
    const tree = treeOf(theirs(store, 'mount', 'middle').trim())
    theirs(store, 'unmount', 'middle')
    assert.deepEqual(Object.keys(tree), ['etc', 'etc/kept', 'var', 'var/new'])
    assert.deepEqual(await store.tree(middle), tree)

    const parent = { parent: parseLayerId('base') }
    const changes = await Array.fromAsync(store.driver.changes(middle, parent))
    assert.deepEqual(
      changes.map(({ kind, path: where }) => `${words[kind]} "${where}"`).sort(),
      theirs(store, 'changes', 'middle').trim().split('\n').sort(),
    )
    assert.equal(await store.driver.diffSize(middle, parent), Number(theirs(store, 'diffsize', 'middle')))
    const tar = Buffer.concat(await Array.fromAsync(store.driver.diff(middle, parent)))
    const names = execFileSync('tar', ['-t'], { input: tar, encoding: 'utf8' }).trim().split('\n')
    assert.ok(names.includes('etc/.wh.gone') && names.includes('var/new'), names.join(' '))

    const child = await store.layer('child', 'middle', [whiteout('etc/kept'), file('etc/ours', 'ours')])
    writeRecords(store, [['base'], ['middle', 'base'], ['child', 'middle']])
    const ours = await store.tree(child)
    assert.deepEqual(Object.keys(ours), ['etc', 'etc/ours', 'var', 'var/new'])
    assert.deepEqual(treeOf(theirs(store, 'mount', 'child').trim()), ours)
    theirs(store, 'unmount', 'child')
    for (const id of [child, middle]) await store.driver.remove(id).finish()
    assert.deepEqual(await store.ids(), ['base'])
    writeRecords(store, [['base']])
    assert.deepEqual(Object.keys(treeOf(theirs(store, 'mount', 'base').trim())), [
      'etc',
      'etc/gone',
      'etc/kept',
      'var',
      'var/old',
    ])
    theirs(store, 'unmount', 'base')
  })
}

test('overlay: what one program has found out about the kernel the other does not ask again', async (context) => {
  if (skipped(context)) return
  const [subject] = drivers
  if (subject === undefined) return
  await using ours = new ConformanceStore(subject)
  await ours.attached(await ours.layer('layer', undefined))
  await ours.driver.status()
  await using original = new ConformanceStore(subject)
  theirs(original, 'create-layer', '-i', 'layer')
  const remembered = (store: ConformanceStore): readonly string[] =>
    readdirSync(path.join(store.place.runRoot, 'overlay')).sort()
  const both = ['metacopy()-false', 'native-diff()-true', 'overlay-true']
  assert.deepEqual(remembered(ours), [...both, 'volatile-true'])
  assert.deepEqual(
    remembered(original).filter((name) => both.includes(name)),
    both,
  )
  const text = 'kernel does not support overlay fs: it said so: driver not supported'
  writeFileSync(path.join(ours.place.runRoot, 'overlay', 'overlay-false'), text)
  await ours.driver.prepare()
  await using other = new ConformanceStore(subject)
  mkdirSync(path.join(other.place.runRoot, 'overlay'), { recursive: true })
  writeFileSync(path.join(other.place.runRoot, 'overlay', 'overlay-false'), text)
  await assert.rejects(other.driver.stage(undefined), { message: text })
})

const words = { add: 'Add', modify: 'Modify', delete: 'Delete' } as const

function skipped(context: TestContext): boolean {
  if (!isInstalled) context.skip('containers-storage is not installed')
  return !isInstalled
}

function theirs(store: ConformanceStore, ...command: readonly string[]): string {
  const { graphRoot, runRoot } = store.place
  const roots = ['-g', graphRoot, '-R', runRoot, '-s', store.driver.name]
  // Without a configuration file of this machine: its mount options would change what is remembered.
  const env = { ...process.env, CONTAINERS_STORAGE_CONF: '/dev/null' }
  const result = spawnSync('containers-storage', [...roots, ...command], { encoding: 'utf8', env })
  assert.equal(result.status, 0, `${command.join(' ')}: ${result.stderr}`)
  return result.stdout
}

/** The records of layers, as much of them as the original needs. */
function writeRecords(store: ConformanceStore, layers: readonly (readonly [id: string, parent?: string])[]): void {
  const { graphRoot } = store.place
  const records = path.join(graphRoot, `${store.driver.name}-layers`)
  mkdirSync(records, { recursive: true })
  const created = '2024-01-01T00:00:00Z'
  writeFileSync(
    path.join(records, 'layers.json'),
    JSON.stringify(layers.map(([id, parent]) => ({ id, created, ...(parent === undefined ? {} : { parent }) }))),
  )
}

function applyTar(store: ConformanceStore, layer: string, files: Readonly<Record<string, string>>): void {
  const source = path.join(store.place.runRoot, `tar-${layer}`)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(source, name)), { recursive: true })
    writeFileSync(path.join(source, name), content)
  }
  const archive = `${source}.tar`
  execFileSync('tar', ['-C', source, '-cf', archive, ...readdirSync(source)])
  theirs(store, 'applydiff', '-f', archive, layer)
}
