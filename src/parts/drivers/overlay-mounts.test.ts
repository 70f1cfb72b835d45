import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { MNT_DETACH, readMountInfo, umount2 } from '#ground/sys'
import { isFault, parseLayerId } from '#model'
import { directory, file } from './conformance-entries.ts'
import { ConformanceStore } from './conformance-store.ts'
import { isMountedOn } from './mount-points.ts'
import { attachByDescriptors } from './overlay-attach-by-descriptors.ts'
import { createOverlayDriver } from './overlay-driver.ts'

const subject = {
  name: 'overlay',
  create: createOverlayDriver,
  module: import.meta.resolve('./overlay-driver.ts'),
  factory: 'createOverlayDriver',
  depth: 0,
}

test('the home becomes a private mount when a layer is mounted, and is one no more after the shutdown', async () => {
  await using store = new ConformanceStore(subject)
  const id = await store.layer('layer', undefined)
  await store.attached(id)
  const home = readMountInfo().find((mount) => mount.mountpoint === store.driver.home)
  assert.deepEqual(home?.optional, [])
  await store.driver.shutdown()
  assert.equal(isMountedOn(store.driver.home), true, 'a layer is still mounted in it')
  await store.driver.detach(id)
  await store.driver.shutdown()
  assert.equal(isMountedOn(store.driver.home), false)
})

test('with skip_mount_home the home is left alone', async () => {
  await using store = new ConformanceStore(subject, ['overlay.skip_mount_home=true'])
  await store.attached(await store.layer('layer', undefined))
  assert.equal(isMountedOn(store.driver.home), false)
})

test('what is to be mounted is told as data, in the order and with the words of the original', async () => {
  await using store = new ConformanceStore(subject, ['overlay.mountopt=nodev,metacopy=on'])
  const { home } = store.driver
  const base = await store.layer('base', undefined)
  const container = await store.layer('container', 'base', [], { purpose: 'container' })
  const link = path.join(home, 'l', readFileSync(path.join(home, 'base', 'link'), 'utf8'))
  const common = { kind: 'overlay', mountpoint: path.join(home, 'container', 'merged') }
  const writable = { upper: path.join(home, 'container', 'diff'), work: path.join(home, 'container', 'work') }
  assert.deepEqual(await store.driver.mount(container, { access: 'read-write', volatile: true }), {
    ...common,
    ...writable,
    lowers: [link],
    flags: ['nodev'],
    options: ['metacopy=on', 'volatile'],
  })
  const words = ['nosuid', 'xino=off']
  assert.deepEqual(await store.driver.mount(container, { access: 'read-write', options: words, label: 'a:b' }), {
    ...common,
    ...writable,
    lowers: [link],
    flags: ['nosuid'],
    options: ['xino=off', 'metacopy=on'],
    label: 'a:b',
  })
  assert.deepEqual(await store.driver.mount(base, { access: 'read-only', options: [] }), {
    kind: 'overlay',
    mountpoint: path.join(home, 'base', 'merged'),
    lowers: [path.join(home, 'base', 'diff'), path.join(home, 'base', 'empty')],
    flags: ['nodev', 'ro'],
    options: ['metacopy=on'],
  })
})

test('metacopy is dropped where the kernel does not do it for the configured options', async () => {
  await using store = new ConformanceStore(subject)
  const mount = await store.driver.mount(await store.layer('layer', undefined), {
    access: 'read-write',
    options: ['metacopy=on'],
  })
  assert.deepEqual(mount.kind === 'overlay' && mount.options, [])
  assert.ok(readdirSync(path.join(store.place.runRoot, 'overlay')).includes('metacopy()-false'))
})

test('a mount that is read-only cannot be written to', async () => {
  await using store = new ConformanceStore(subject)
  const root = await store.attached(await store.layer('layer', undefined, [file('file', '')]))
  assert.throws(() => writeFileSync(path.join(root, 'file'), 'x'), { code: 'EROFS' })
})

test('a chain whose options do not fit into a page is mounted all the same', async () => {
  await using store = new ConformanceStore(subject)
  for (let number = 0; number < 120; number++) {
    await store.layer(`layer${number}`, number === 0 ? undefined : `layer${number - 1}`, [file(`file${number}`, '')])
  }
  const top = parseLayerId('layer119')
  const mount = await store.driver.mount(top, { access: 'read-write', options: ['nodev', 'noatime', 'sync'] })
  const root = await store.driver.attach(mount)
  assert.equal(readdirSync(root).length, 120)
  writeFileSync(path.join(root, 'written'), '')
  assert.ok(existsSync(path.join(store.driver.home, 'layer119', 'diff', 'written')))
  const attached = readMountInfo().find((each) => each.mountpoint === root)
  assert.equal(attached?.options, 'rw,nodev,noatime')
  assert.match(attached?.superOptions ?? '', /^rw,sync,/)
})

test('a kernel that takes no chain in parts is given opened directories', async () => {
  await using store = new ConformanceStore(subject)
  await store.layer('base', undefined, [file('base', '')])
  const top = await store.layer('top', 'base', [file('top', '')])
  const mount = await store.driver.mount(top, { access: 'read-write', options: ['nodev'] })
  assert.ok(mount.kind === 'overlay')
  attachByDescriptors(mount)
  writeFileSync(path.join(mount.mountpoint, 'written'), '')
  assert.deepEqual(readdirSync(mount.mountpoint).sort(), ['base', 'top', 'written'])
  assert.ok(existsSync(path.join(store.driver.home, 'top', 'diff', 'written')))
})

test('a chain deeper than the kernel stacks is refused', async () => {
  await using store = new ConformanceStore(subject)
  const id = await store.layer('layer', undefined)
  const link = readFileSync(path.join(store.driver.home, 'layer', 'link'), 'utf8')
  const deep = await store.layer('deep', 'layer')
  const lower = path.join(store.driver.home, 'deep', 'lower')
  writeFileSync(lower, Array.from({ length: 500 }, () => `l/${link}`).join(':'))
  await store.driver.mount(deep, { access: 'read-only' })
  writeFileSync(lower, Array.from({ length: 501 }, () => `l/${link}`).join(':'))
  await assert.rejects(store.driver.mount(deep, { access: 'read-only' }), { message: 'max depth exceeded' })
  assert.ok(store.driver.exists(id))
})

test('what the kernel refuses is told with what it was asked', async () => {
  await using store = new ConformanceStore(subject)
  const id = await store.layer('layer', undefined)
  const mount = await store.driver.mount(id, { access: 'read-write', options: ['colour=red'] })
  const { home } = store.driver
  await assert.rejects(store.driver.attach(mount), {
    message:
      `creating overlay mount to ${home}/layer/merged, mount_data="lowerdir=${home}/layer/empty,` +
      `upperdir=${home}/layer/diff,workdir=${home}/layer/work,colour=red": mount ${home}/layer/merged: invalid argument`,
  })
  assert.equal(await store.driver.isAttached(id), false)
})

test('a label cannot bring options along', async () => {
  await using store = new ConformanceStore(subject)
  const mount = await store.driver.mount(await store.layer('layer', undefined), {
    access: 'read-write',
    label: 'x",upperdir="/etc',
  })
  await assert.rejects(store.driver.attach(mount), (error) => isFault(error, 'unsupported'))
})

test('a volatile container can be mounted again after it was not unmounted', async () => {
  await using store = new ConformanceStore(subject)
  await store.layer('base', undefined)
  const id = await store.layer('container', 'base', [], { purpose: 'container' })
  const root = await store.attached(id, { access: 'read-write', volatile: true })
  writeFileSync(path.join(root, 'file'), '')
  const mark = path.join(store.driver.home, 'container', 'work', 'work', 'incompat', 'volatile')
  assert.ok(existsSync(mark))
  umount2(root, MNT_DETACH)
  assert.deepEqual(readdirSync(await store.attached(id, { access: 'read-write', volatile: true })), ['file'])
})

test('the mountpoint is still there after the layer was detached, and not the same directory', async () => {
  await using store = new ConformanceStore(subject)
  const id = await store.layer('layer', undefined)
  const merged = path.join(store.driver.home, 'layer', 'merged')
  const before = statSync(merged).ino
  await store.attached(id)
  await store.driver.detach(id)
  assert.notEqual(statSync(merged).ino, before)
  assert.deepEqual(readdirSync(path.dirname(merged)).sort(), ['diff', 'empty', 'link', 'merged', 'work'])
  rmSync(merged, { recursive: true })
  await store.attached(id)
  await store.driver.detach(id)
  assert.ok(existsSync(merged), 'older programs remove it')
})

test('ids and directories may hold the marks that separate mount options', async () => {
  await using store = new ConformanceStore(subject)
  await store.layer('a:b,c', undefined, [file('base', '')])
  const id = await store.layer(String.raw`back\slash`, 'a:b,c', [file('top', '')])
  const root = await store.attached(id, { access: 'read-write' })
  writeFileSync(path.join(root, 'written'), '')
  assert.deepEqual(readdirSync(root).sort(), ['base', 'top', 'written'])
  assert.ok(existsSync(path.join(store.driver.home, id, 'diff', 'written')))
})

test('a diff directory that somebody lost is made again when the layer is mounted', async () => {
  await using store = new ConformanceStore(subject)
  await store.layer('base', undefined, [directory('/', { mode: 0o750 }), file('file', '')])
  const top = await store.layer('top', 'base')
  const diff = path.join(store.driver.home, 'top', 'diff')
  renameSync(diff, `${diff}.away`)
  assert.deepEqual(readdirSync(await store.attached(top)), ['file'])
  assert.equal(statSync(diff).mode & 0o7777, 0o750)
})
