import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { MNT_DETACH, lgetxattr, readMountInfo, umount2 } from '#ground/sys'
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
  const mount = await store.driver.mount(top, { access: 'read-write', options: ['nodev', 'noatime'] })
  const root = await store.driver.attach(mount)
  assert.equal(readdirSync(root).length, 120)
  writeFileSync(path.join(root, 'written'), '')
  assert.ok(existsSync(path.join(store.driver.home, 'layer119', 'diff', 'written')))
  const attached = readMountInfo().find((each) => each.mountpoint === root)
  assert.equal(attached?.options, 'rw,nodev,noatime')
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

test('lost links are made again when a layer needs them', async () => {
  await using store = new ConformanceStore(subject)
  const { home } = store.driver
  await store.layer('base', undefined, [file('file', 'base')])
  const top = await store.layer('top', 'base')
  rmSync(path.join(home, 'l'), { recursive: true })
  mkdirSync(path.join(home, 'l'))
  assert.deepEqual(contentsOf(await store.attached(top)), { file: 'file: base @1000000000' })
  await store.driver.detach(top)
  const links = readdirSync(path.join(home, 'l')).sort()
  for (const id of ['base', 'top']) rmSync(path.join(home, id, 'link'))
  const more = await store.layer('more', 'top')
  assert.deepEqual(contentsOf(await store.attached(more)), { file: 'file: base @1000000000' })
  assert.equal(readdirSync(path.join(home, 'l')).length, links.length + 1)
})

test('links that lead to no layer are dropped in a repair, second links of a layer stay', async () => {
  await using store = new ConformanceStore(subject)
  const { home } = store.driver
  await store.layer('base', undefined)
  const top = await store.layer('top', 'base')
  const link = readFileSync(path.join(home, 'base', 'link'), 'utf8')
  symlinkSync('../base/diff', path.join(home, 'l', 'SECOND'))
  symlinkSync('../nobody/diff', path.join(home, 'l', 'DANGLING'))
  symlinkSync('/etc', path.join(home, 'l', 'ELSEWHERE'))
  rmSync(path.join(home, 'l', link))
  await store.driver.mount(top, { access: 'read-only' })
  const top1 = readFileSync(path.join(home, 'top', 'link'), 'utf8')
  assert.deepEqual(readdirSync(path.join(home, 'l')).sort(), ['SECOND', link, top1].sort())
})

test('crafted links and lowers lead nowhere', async () => {
  const isInvalid = (error: unknown): boolean => isFault(error, 'records-invalid')
  await using store = new ConformanceStore(subject)
  const { home } = store.driver
  await store.layer('base', undefined)
  const top = await store.layer('top', 'base')
  const lower = path.join(home, 'top', 'lower')
  for (const text of ['/etc', 'l/../../../../etc', '../base/diff', 'l/', 'l/A:', 'l/A,upperdir=/etc']) {
    writeFileSync(lower, text)
    await assert.rejects(store.driver.mount(top, { access: 'read-only' }), isInvalid, text)
  }
  symlinkSync('/etc', path.join(home, 'l', 'OUT'))
  writeFileSync(lower, 'l/OUT')
  await assert.rejects(store.driver.mount(top, { access: 'read-only' }), isInvalid)
  writeFileSync(path.join(home, 'top', 'link'), '../../../keep')
  writeFileSync(path.join(store.place.graphRoot, 'keep'), '')
  await store.driver.remove(top).finish()
  assert.ok(existsSync(path.join(store.place.graphRoot, 'keep')))
})

test('removing a layer takes its own link with it, and not that of another whose name it bears', async () => {
  await using store = new ConformanceStore(subject)
  const { home } = store.driver
  const link = (id: string): string => path.join(home, 'l', readFileSync(path.join(home, id, 'link'), 'utf8'))
  const base = await store.layer('base', undefined)
  const other = await store.layer('other', undefined)
  const linkOfBase = link('base')
  writeFileSync(path.join(home, 'other', 'link'), path.basename(linkOfBase))
  await store.driver.remove(other).finish()
  assert.equal(readlinkSync(linkOfBase), '../base/diff')
  await store.driver.remove(base).finish()
  assert.equal(readdirSync(path.join(home, 'l')).includes(path.basename(linkOfBase)), false)
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

test('ids and directories may hold the marks that separate mount options', async () => {
  await using store = new ConformanceStore(subject)
  await store.layer('a:b,c', undefined, [file('base', '')])
  const id = await store.layer(String.raw`back\slash`, 'a:b,c', [file('top', '')])
  const root = await store.attached(id, { access: 'read-write' })
  writeFileSync(path.join(root, 'written'), '')
  assert.deepEqual(readdirSync(root).sort(), ['base', 'top', 'written'])
  assert.ok(existsSync(path.join(store.driver.home, id, 'diff', 'written')))
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

test('a diff directory that somebody lost is made again when the layer is mounted', async () => {
  await using store = new ConformanceStore(subject)
  await store.layer('base', undefined, [directory('/', { mode: 0o750 }), file('file', '')])
  const top = await store.layer('top', 'base')
  const diff = path.join(store.driver.home, 'top', 'diff')
  renameSync(diff, `${diff}.away`)
  assert.deepEqual(readdirSync(await store.attached(top)), ['file'])
  assert.equal(statSync(diff).mode & 0o7777, 0o750)
})
