import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { recoverStaleDirs } from '#ground/files'
import { parseLayerId } from '#model'
import { apply, directory, file, hardLink, whiteout } from './conformance-entries.ts'
import { ConformanceStore, type ConformanceSubject } from './conformance-store.ts'
import { contentsOf } from './conformance-tree.ts'
import { entriesOf } from './directory-entries.ts'
import { rootStatusOf } from './root-directory.ts'

/** How layers come and go, and that they do not disturb each other. */
export function letsLayersComeAndGo(subject: ConformanceSubject): void {
  const title = (text: string): string => `${subject.name}: ${text}`

  test(title('what is staged is nowhere to be seen, and leaves nothing when it is not wanted'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined)
    {
      await using staged = await store.driver.stage(parseLayerId('base'))
      apply(staged.target, [file('file', 'content')])
      assert.deepEqual(await store.ids(), ['base'])
    }
    assert.deepEqual(leftovers(store), [])
    assert.deepEqual(await store.ids(), ['base'])
  })

  test(title('directories and files that can be no layers are not listed'), async () => {
    await using store = new ConformanceStore(subject)
    const [own = ''] = store.driver.directoriesOf(await store.layer('layer', undefined))
    const beside = own.slice(0, own.indexOf('/layer'))
    mkdirSync(path.join(beside, 'x'.repeat(250)))
    writeFileSync(path.join(beside, 'file'), '')
    assert.deepEqual(await store.ids(), ['layer'])
  })

  test(title('a parent that is not there is a fault, and nothing is left of the attempt'), async () => {
    await using store = new ConformanceStore(subject)
    const nobody = parseLayerId('nobody')
    await assert.rejects(store.driver.stage(nobody), { failure: { code: 'layer-unknown', layer: 'nobody' } })
    await assert.rejects(store.driver.mount(nobody, { access: 'read-only' }), {
      failure: { code: 'layer-unknown', layer: 'nobody' },
    })
    assert.throws(() => store.driver.targetOf(nobody), { failure: { code: 'layer-unknown', layer: 'nobody' } })
    assert.equal(store.driver.exists(nobody), false)
    assert.equal(store.driver.metadata(nobody), undefined)
    assert.deepEqual(leftovers(store), [])
  })

  test(title('committing twice as the same layer is once; as another it is refused'), async () => {
    await using store = new ConformanceStore(subject)
    await using staged = await store.driver.stage(undefined)
    const id = store.commit(staged, 'layer')
    store.commit(staged, 'layer')
    assert.equal(staged.id, id)
    assert.throws(() => store.commit(staged, 'other'), { failure: { code: 'id-in-use', kind: 'layer', id: 'other' } })
    assert.deepEqual(await store.ids(), ['layer'])
  })

  test(title('a child may be committed onto the same parent that somebody else has committed'), async () => {
    await using store = new ConformanceStore(subject)
    const things = [directory('etc'), file('etc/base', 'same')]
    await using parent = await store.driver.stage(undefined)
    apply(parent.target, things)
    await using child = await store.driver.stage(parent)
    apply(child.target, [file('child', '')])
    await using grandchild = await store.driver.stage(child)
    apply(grandchild.target, [whiteout('child')])
    const theirs = await store.layer('theirs', undefined, things)
    child.commit(parseLayerId('child'), theirs)
    store.commit(grandchild, 'grandchild')
    const base = { etc: 'directory: ', 'etc/base': 'file: same @1000000000' }
    const shown = async (name: string): Promise<unknown> => contentsOf(await store.attached(parseLayerId(name)))
    assert.deepEqual(await shown('child'), { ...base, child: 'file:  @1000000000' })
    assert.deepEqual(await shown('grandchild'), base)
    assert.deepEqual(await store.ids(), ['child', 'grandchild', 'theirs'])
  })

  test(title('what a crash left at a layer’s place gives way to it'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('layer', undefined, [file('torn', '')])
    const id = await store.layer('layer', undefined, [file('whole', '')])
    assert.deepEqual(contentsOf(await store.attached(id)), { whole: 'file:  @1000000000' })
  })

  test(title('a process killed while it stages leaves what the next one can clear away, and no more'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined, [file('file', 'base')])
    await using running = await store.driver.stage(parseLayerId('base'))
    killedWhileStaging(subject, store)
    assert.notDeepEqual(leftovers(store), [])
    for (const root of store.driver.tempRoots) await recoverStaleDirs(root)
    store.commit(running, 'running')
    await running[Symbol.asyncDispose]()
    assert.deepEqual(leftovers(store), [])
    assert.deepEqual(await store.ids(), ['base', 'running'])
  })

  test(title('a removed layer is gone at once, its bytes when the removal is finished'), async () => {
    await using store = new ConformanceStore(subject)
    const base = await store.layer('base', undefined, [file('file', 'base')])
    const one = await store.layer('one', 'base', [file('one', '')])
    const other = await store.layer('other', 'base', [file('other', '')])
    const removal = store.driver.remove(one)
    store.driver.sync()
    assert.equal(store.driver.exists(one), false)
    assert.deepEqual(await store.ids(), ['base', 'other'])
    assert.notDeepEqual(leftovers(store), [])
    await removal.finish()
    assert.deepEqual(leftovers(store), [])
    assert.deepEqual(contentsOf(await store.attached(base)), { file: 'file: base @1000000000' })
    assert.deepEqual(contentsOf(await store.attached(other)), {
      file: 'file: base @1000000000',
      other: 'file:  @1000000000',
    })
  })

  test(title('removing a layer twice, or one that never was, is no error'), async () => {
    await using store = new ConformanceStore(subject)
    const id = await store.layer('layer', undefined)
    const removals = [store.driver.remove(id), store.driver.remove(id), store.driver.remove(parseLayerId('never'))]
    for (const removal of removals) {
      await removal.finish()
      await removal.finish()
    }
    assert.deepEqual(await store.ids(), [])
    assert.deepEqual(leftovers(store), [])
  })

  test(title('an id may be used again after its layer was removed'), async () => {
    await using store = new ConformanceStore(subject)
    const id = await store.layer('layer', undefined, [file('old', '')])
    const removal = store.driver.remove(id)
    await store.layer('layer', undefined, [file('new', '')])
    await removal.finish()
    assert.deepEqual(contentsOf(await store.attached(id)), { new: 'file:  @1000000000' })
  })

  test(title('several layers on one base are shown at the same time'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined, [file('file', 'base')])
    const mountpoints = []
    for (const name of ['one', 'two', 'three']) {
      mountpoints.push(await store.attached(await store.layer(name, 'base', [file(name, '')])))
    }
    assert.equal(new Set(mountpoints).size, 3)
    assert.deepEqual(
      mountpoints.map((mountpoint) => readdirSync(mountpoint).sort()),
      [['file', 'one'], ['file', 'two'], ['file', 'three'].sort()],
    )
  })

  test(title('attaching twice and detaching twice is no error, and what was written stays'), async () => {
    await using store = new ConformanceStore(subject)
    const base = await store.layer('base', undefined, [file('file', 'base'), directory('tmp')])
    const container = await store.layer('container', 'base', [], { purpose: 'container' })
    const mountpoint = await store.attached(container, { access: 'read-write' })
    assert.equal(await store.attached(container, { access: 'read-write' }), mountpoint)
    writeFileSync(path.join(mountpoint, 'file'), 'container')
    writeFileSync(path.join(mountpoint, 'tmp', 'own'), 'container')
    await store.driver.detach(container)
    await store.driver.detach(container)
    assert.equal(await store.driver.isAttached(container), false)
    const again = await store.attached(container, { access: 'read-write' })
    assert.equal(readFileSync(path.join(again, 'file'), 'utf8'), 'container')
    assert.deepEqual(readdirSync(path.join(again, 'tmp')), ['own'])
    assert.deepEqual(contentsOf(await store.attached(base)), { file: 'file: base @1000000000', tmp: 'directory: ' })
  })

  test(title('a layer made from a template begins with its content'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined, [file('base', ''), file('gone', '')])
    const template = await store.layer('template', 'base', [file('template', ''), whiteout('gone')])
    const copy = await store.layer('copy', 'base', [file('own', '')], { template })
    assert.deepEqual(Object.keys(await store.tree(copy)), ['base', 'own', 'template'])
    assert.deepEqual(Object.keys(await store.tree(template)), ['base', 'template'])
  })

  test(title('the root of a layer has the owner and the permissions of its parent’s'), async () => {
    await using store = new ConformanceStore(subject)
    const base = await store.layer('base', undefined, [directory('/', { mode: 0o1770, uid: 3, gid: 4 })])
    const child = await store.layer('child', 'base', [file('file', '')])
    const expected = { uid: 3, gid: 4, mode: 0o1770 }
    assert.deepEqual(rootStatusOf(await store.attached(base)), expected)
    assert.deepEqual(rootStatusOf(await store.attached(child)), expected)
    const plain = await store.layer('plain', undefined)
    assert.deepEqual(rootStatusOf(await store.attached(plain)), { uid: 0, gid: 0, mode: 0o555 })
  })

  test(title('under other id maps all owners are those that the maps say, and links stay links'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined, [
      file('root', ''),
      file('user', '', { uid: 5, gid: 6, mode: 0o4755 }),
      file('linked', 'x', { uid: 7 }),
      hardLink('twin', 'linked', { uid: 7 }),
      directory('home', { uid: 5 }),
      file('home/file', '', { uid: 5 }),
    ])
    const ranges = [{ containerId: 0, hostId: 100_000, size: 65_536 }]
    const idMaps = { uids: ranges, gids: ranges }
    const mapped = await store.layer('mapped', 'base', [], { idMaps, idMapsBelow: {} })
    assert.deepEqual(await store.tree(mapped), {
      home: 'directory 0755 100005:100000: ',
      'home/file': 'file 0644 100005:100000:  @1000000000',
      linked: 'file 0644 100007:100000: x @1000000000',
      root: 'file 0644 100000:100000:  @1000000000',
      twin: 'file 0644 100007:100000: same as linked',
      user: 'file 4755 100005:100006:  @1000000000',
    })
    const back = await store.layer('back', 'mapped', [], { idMapsBelow: idMaps })
    assert.deepEqual(await store.tree(back), await store.tree(parseLayerId('base')))
  })
}

/** What lies in the directories for things on their way in or out. */
function leftovers(store: ConformanceStore): readonly string[] {
  return store.driver.tempRoots.flatMap((root) => entriesOf(root).map((entry) => entry.name))
}

function killedWhileStaging(subject: ConformanceSubject, store: ConformanceStore): void {
  const program = `
    const { ${subject.factory} } = await import(${JSON.stringify(subject.module)})
    const staged = await ${subject.factory}(${JSON.stringify(store.place)}).stage('base')
    process.kill(process.pid, 'SIGKILL')
  `
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  assert.equal(child.signal, 'SIGKILL', child.stderr)
}
