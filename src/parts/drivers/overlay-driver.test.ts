import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { lgetxattr } from '#ground/sys'
import { isFault, parseLayerId } from '#model'
import { apply, directory, file, whiteout } from './conformance-entries.ts'
import { ConformanceStore } from './conformance-store.ts'
import { contentsOf } from './conformance-tree.ts'
import { isMountedOn } from './mount-points.ts'
import { createOverlayDriver } from './overlay-driver.ts'

const subject = {
  name: 'overlay',
  create: createOverlayDriver,
  module: import.meta.resolve('./overlay-driver.ts'),
  factory: 'createOverlayDriver',
  depth: 0,
}

test('a layer lies on disk as the original lays it out', async () => {
  await using store = new ConformanceStore(subject)
  const { home } = store.driver
  await store.layer('base', undefined, [file('file', '')])
  await store.layer('middle', 'base')
  await store.layer('top', 'middle')
  const link = (id: string): string => readFileSync(path.join(home, id, 'link'), 'utf8')
  const shape = (id: string): readonly string[] =>
    readdirSync(path.join(home, id)).map((name) => {
      const status = statSync(path.join(home, id, name))
      return `${name} ${(status.mode & 0o7777).toString(8)}`
    })
  assert.deepEqual(shape('base'), ['diff 555', 'empty 700', 'link 644', 'merged 700', 'work 700'])
  assert.deepEqual(shape('top'), ['diff 555', 'link 644', 'lower 644', 'merged 700', 'work 700'])
  assert.equal(readFileSync(path.join(home, 'top', 'lower'), 'utf8'), `l/${link('middle')}:l/${link('base')}`)
  for (const id of ['base', 'middle', 'top']) {
    assert.match(link(id), /^[A-Z2-7]{26}$/)
    assert.equal(readlinkSync(path.join(home, 'l', link(id))), `../${id}/diff`)
    assert.equal(statSync(path.join(home, id)).mode & 0o777, 0o700)
  }
})

test('nothing is probed and nothing is mounted until it is needed', async () => {
  await using store = new ConformanceStore(subject)
  assert.deepEqual(await store.ids(), [])
  assert.equal(store.driver.exists(parseLayerId('layer')), false)
  await store.driver.remove(parseLayerId('layer')).finish()
  store.driver.sync()
  assert.deepEqual(readdirSync(store.place.graphRoot), [])
  await store.layer('layer', undefined)
  assert.equal(isMountedOn(store.driver.home), false, 'staging mounts nothing that stays')
  assert.deepEqual(readdirSync(path.join(store.place.runRoot, 'overlay')), ['overlay-true'])
})

test('the driver’s own names are no layers', async () => {
  await using store = new ConformanceStore(subject)
  await store.layer('layer', undefined)
  for (const name of ['l', 'tempdirs', 'staging']) {
    const id = parseLayerId(name)
    assert.equal(store.driver.exists(id), false)
    await store.driver.remove(id).finish()
    await assert.rejects(store.layer(name, undefined), { failure: { code: 'id-invalid', kind: 'layer', text: name } })
  }
  assert.deepEqual(await store.ids(), ['layer'])
})

test('what a change of id maps copied up lies in a directory of its own below the layer’s', async () => {
  await using store = new ConformanceStore(subject)
  const { home } = store.driver
  await store.layer('base', undefined, [file('file', 'x'), directory('empty')])
  const ranges = [{ containerId: 0, hostId: 100_000, size: 1000 }]
  const maps = { idMaps: { uids: ranges, gids: ranges }, idMapsBelow: {} }
  const mapped = await store.layer('mapped', 'base', [file('own', '')], maps)
  assert.deepEqual(readdirSync(path.join(home, 'mapped', 'diff')), ['own'])
  assert.deepEqual(readdirSync(path.join(home, 'mapped', 'diff1')), ['empty', 'file'])
  assert.equal(statSync(path.join(home, 'mapped', 'diff1', 'file')).uid, 100_000)
  const child = await store.layer('child', 'mapped', [whiteout('empty')])
  const root = await store.attached(child)
  assert.deepEqual(readdirSync(root).sort(), ['file', 'own'])
  assert.equal(statSync(path.join(root, 'file')).gid, 100_000)
  assert.deepEqual(
    store.driver.directoriesOf(child).map((each) => path.relative(home, each)),
    ['child/diff', 'mapped/diff', 'mapped/diff1', 'base/diff'],
  )
  const told = await Array.fromAsync(store.driver.changes(mapped, { idMaps: maps.idMaps }))
  assert.deepEqual(
    told.map((change) => `${change.kind} ${change.path}`),
    ['add /own'],
    'seen from the container nobody changed an owner',
  )
})

test('under a mask files show its mode, and keep theirs in an attribute', async () => {
  await using store = new ConformanceStore(subject, ['overlay.force_mask=shared'])
  const { home } = store.driver
  const real = (id: string): unknown =>
    lgetxattr(path.join(home, id, 'diff'), 'user.containers.override_stat')?.toString()
  const empty = await store.layer('empty', undefined)
  assert.equal(statSync(path.join(home, 'empty', 'diff')).mode & 0o7777, 0o755)
  assert.ok(store.driver.exists(empty))
  await using staged = await store.driver.stage(undefined)
  assert.equal(lgetxattr(staged.target.directory, 'user.containers.override_stat')?.toString(), '0:0:0555:dir')
  apply(staged.target, [file('secret', '', { mode: 0o600, uid: 5 })])
  store.commit(staged, 'layer')
  assert.equal(real('layer'), '0:0:0755:dir')
  const secret = path.join(home, 'layer', 'diff', 'secret')
  assert.deepEqual([statSync(secret).mode & 0o7777, statSync(secret).uid], [0o755, 0])
  assert.equal(lgetxattr(secret, 'user.containers.override_stat')?.toString(), '5:0:0600:file')
  await assert.rejects(store.driver.stage(undefined, { purpose: 'container' }), {
    message: 'overlay: force_mask option for writeable layers is only supported with a mount_program',
  })
})

test('an image of a further store is read where it lies and never written', async () => {
  await using other = new ConformanceStore(subject)
  await other.layer('image', undefined, [file('file', 'of the other store')])
  await using store = new ConformanceStore(subject, [`overlay.imagestore=${other.place.graphRoot}`])
  const image = parseLayerId('image')
  assert.equal(store.driver.exists(image), true)
  assert.deepEqual(await store.ids(), [])
  const container = await store.layer('container', 'image', [], { purpose: 'container' })
  const root = await store.attached(container, { access: 'read-write' })
  writeFileSync(path.join(root, 'file'), 'of the container')
  const shown = await store.attached(image, { access: 'read-write' })
  assert.equal(shown, path.join(store.place.runRoot, 'overlay', 'image', 'merged'))
  assert.deepEqual(contentsOf(shown), { file: 'file: of the other store @1000000000' })
  assert.throws(() => writeFileSync(path.join(shown, 'file'), 'x'), { code: 'EROFS' })
  await store.driver.detach(image)
  assert.equal(existsSync(path.dirname(shown)), false)
  await store.driver.remove(image).finish()
  assert.equal(other.driver.exists(image), true)
  assert.throws(
    () => store.driver.targetOf(image),
    (error) => isFault(error, 'store-read-only'),
  )
})

test('layers that a mount program wrote are left to it', async () => {
  await using store = new ConformanceStore(subject)
  mkdirSync(path.join(store.driver.home, 'layer', 'diff'), { recursive: true })
  writeFileSync(path.join(store.driver.home, 'layer', 'diff', '.wh.gone'), '')
  await assert.rejects(store.driver.stage(undefined), (error) => isFault(error, 'unsupported'))
  assert.equal(readFileSync(path.join(store.driver.home, '.has-mount-program'), 'utf8'), 'true')
})

test('options for what is not built yet are understood, and refused when they would matter', async () => {
  const options = ['mount_program=/bin/true', 'use_composefs=true', 'additionallayerstore=/:ref']
  for (const option of options) {
    await using store = new ConformanceStore(subject, [`overlay.${option}`])
    assert.deepEqual(await store.ids(), [])
    await assert.rejects(store.driver.stage(undefined), (error) => isFault(error, 'unsupported'))
  }
  await using sized = new ConformanceStore(subject, ['overlay.size=10G'])
  await assert.rejects(sized.driver.stage(undefined), {
    message: 'storage option overlay.size and overlay.inodes only supported for backingFS XFS. Found extfs',
  })
})

test('a layer’s storage options are refused as the original refuses them', async () => {
  await using store = new ConformanceStore(subject)
  const storageOptions = { size: '10G' }
  await assert.rejects(store.driver.stage(undefined, { storageOptions, purpose: 'container' }), {
    message: "--storage-opt is supported only for overlay over xfs with 'pquota' mount option",
  })
  await assert.rejects(store.driver.stage(undefined, { storageOptions }), {
    message: '--storage-opt size is only supported for ReadWrite Layers',
  })
})
