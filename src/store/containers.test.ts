import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault, parseContainerId, parseImageId, parseLayerId } from '#model'
import { bigDataDigest, bigDataSize, listBigData, readBigData, writeBigData } from './big-data.ts'
import { changes } from './changes.ts'
import { createContainer } from './create-container.ts'
import { createImage } from './create-image.ts'
import { createLayer } from './create-layer.ts'
import { deleteContainer } from './delete-container.ts'
import { deleteObject } from './delete-object.ts'
import { digestLock } from './digest-lock.ts'
import { containerDirectory, containerRunDirectory, imageDirectory } from './directories.ts'
import { findContainer, getContainer, getContainerByLayer } from './find-container.ts'
import { getObject } from './find-object.ts'
import { importLayer } from './import-layer.ts'
import { listContainers } from './list-containers.ts'
import { getLayer } from './find-layer.ts'
import { mounted } from './mounted.ts'
import { mountLayer } from './mount-layer.ts'
import { type DriverName, scratchStore, type ScratchStore } from './scratch-store.ts'
import { shutdown } from './shutdown.ts'
import { containerSize } from './sizes.ts'
import { unmountLayer } from './unmount-layer.ts'

const drivers: readonly DriverName[] = ['overlay', 'vfs']

async function withImage(scratch: ScratchStore): Promise<void> {
  const { store } = scratch
  await importLayer(store, { id: parseLayerId('base'), blob: scratch.tar({ 'etc/os': 'debian', bin: 'x' }) })
  await createImage(store, { id: parseImageId('img'), names: ['debian'], layer: 'base' })
}

function comparable(text: string): unknown {
  const rows = JSON.parse(text) as readonly Record<string, unknown>[]
  for (const row of rows) Object.assign(row, { id: '', layer: '', created: '', names: '' })
  return rows
}

for (const driver of drivers) {
  test(`${driver}: a container is recorded as by the original, is written to, and goes without a trace`, async () => {
    await using scratch = await scratchStore(driver, 'full')
    const { store, go } = scratch
    await withImage(scratch)
    const metadata = 'meta <&>'
    const container = await createContainer(store, { image: 'debian', names: ['ours'], metadata, volatile: true })
    go('create-container', '-n', 'theirs', '-m', metadata, '--volatile', 'debian')
    const [ours, theirs] = comparable(scratch.records('containers')) as readonly unknown[]
    assert.deepEqual(ours, theirs)

    const tree = await mountLayer(store, 'ours')
    writeFileSync(join(tree, 'etc/new'), '12345')
    assert.equal(readFileSync(join(tree, 'etc/os'), 'utf8'), 'debian')
    const seen: string[] = []
    for await (const change of changes(store, container.layer)) seen.push(`${change.kind} ${change.path}`)
    assert.deepEqual(
      seen.filter((line) => line !== 'modify /etc'),
      ['add /etc/new'],
    )
    assert.equal(await containerSize(store, 'ours'), Number(/Size: (\d+)/.exec(go('container', 'ours'))?.[1]))

    const [lasting, running] = [await containerDirectory(store, 'ours'), await containerRunDirectory(store, 'ours')]
    assert.equal(lasting, go('get-container-dir', 'ours').trim())
    assert.equal(running, go('get-container-run-dir', 'ours').trim())
    writeFileSync(join(lasting, 'f'), '1234567')
    assert.equal(await containerSize(store, 'ours'), Number(/Size: (\d+)/.exec(go('container', 'ours'))?.[1]))
    await writeBigData(store, { kind: 'container', object: 'ours', key: 'some_data', bytes: Buffer.from('data') })
    assert.equal(go('get-container-data', 'ours', 'some_data'), 'data')
    assert.deepEqual(await listBigData(store, { kind: 'container', object: 'ours' }), ['some_data'])
    await assert.rejects(
      readBigData(store, { kind: 'container', object: 'ours', key: 'k' }),
      (error: Error) => scratch.tryGo('get-container-data', 'ours', 'k').text.trim() === error.message,
    )

    writeFileSync(join(scratch.graphRoot, `${driver}-containers`, container.id, 'unmeasured'), '123')
    const unmeasured = { kind: 'container', object: 'ours', key: 'unmeasured' } as const
    assert.equal(await bigDataSize(store, unmeasured), 3)
    assert.match(await bigDataDigest(store, unmeasured), /^sha256:a665a45920422f9d417e4867efdc4fb8/)
    await assert.rejects(bigDataSize(store, { ...unmeasured, key: 'none' }), /^Fault: size is not known$/)

    assert.equal((await getContainerByLayer(store, container.layer)).id, container.id)
    assert.equal((await findContainer(store, container.id.slice(0, 12)))?.id, container.id)
    // Mounted or not.
    assert.equal(await deleteContainer(store, 'ours'), container.id)
    assert.deepEqual(
      (await listContainers(store)).map(({ names }) => names),
      [['theirs']],
    )
    assert.deepEqual([existsSync(lasting), existsSync(running), existsSync(tree)], [false, false, false])
    assert.equal(store.driver.exists(container.layer), false)
    await assert.rejects(deleteContainer(store, 'ours'), /^Fault: identifier is not a container$/)
    assert.equal((await deleteObject(store, 'theirs')).kind, 'container')
    assert.deepEqual(JSON.parse(go('layers', '-j')).length, 1)
  })

  test(`${driver}: mounts are counted together with the original, and outlive the processes`, async () => {
    await using scratch = await scratchStore(driver)
    const { store, go } = scratch
    await withImage(scratch)
    const { layer } = await createContainer(store, { image: 'debian', names: ['c'] })
    const tree = await mountLayer(store, 'c')
    assert.equal(go('mount', 'c').trim(), tree)
    assert.deepEqual(await mounted(store, 'c'), { path: tree, count: 2 })
    assert.equal(go('mounted', 'c').trim(), 'c mounted')
    assert.equal(await unmountLayer(store, 'c'), 'mounted')
    assert.equal(await store.driver.isAttached(layer), driver === 'overlay')
    assert.equal(go('unmount', 'c').trim(), 'c mountpoint unmounted')
    assert.equal(await mounted(store, 'c'), undefined)
    assert.equal(await store.driver.isAttached(layer), false)
    assert.equal(await unmountLayer(store, 'c'), 'unmounted')

    await mountLayer(store, layer)
    await mountLayer(await scratch.reopened(), layer)
    assert.equal((await mounted(store, layer))?.count, 2)
    assert.equal(await unmountLayer(store, layer, { how: 'completely' }), 'unmounted')
    assert.equal(go('mounted', layer), '')
    await assert.rejects(mountLayer(store, 'nobody'), /^Fault: layer not known$/)
    await assert.rejects(unmountLayer(store, 'nobody'), /^Fault: layer not known$/)
  })

  test(`${driver}: a store with mounts is shut down by force only, and works again afterwards`, async () => {
    await using scratch = await scratchStore(driver)
    const { store, go } = scratch
    await withImage(scratch)
    const { layer } = await createContainer(store, { image: 'debian', names: ['c'] })
    await mountLayer(store, 'c')
    await assert.rejects(shutdown(store), /^Fault: a layer is mounted: layer is in use by a container$/)
    assert.deepEqual(await shutdown(store, { how: 'forced' }), [layer])
    assert.deepEqual(await shutdown(store), [])
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(scratch.directory))
    const other = await scratch.reopened()
    const tree = await mountLayer(other, 'c')
    assert.equal(readFileSync(join(tree, 'etc/os'), 'utf8'), 'debian')
    assert.equal((await mounted(store, 'c'))?.count, 1)
    go('unmount', 'c')
    go('shutdown')
    await mountLayer(store, 'c')
    await unmountLayer(store, 'c')
  })

  test(`${driver}: a layer that belongs to a container is no parent, and its maps are inherited or copied`, async () => {
    await using scratch = await scratchStore(driver)
    const { store, go } = scratch
    await withImage(scratch)
    const { layer } = await createContainer(store, { image: 'debian', names: ['plain'] })
    await assert.rejects(createLayer(store, { parent: layer }), /^Fault: would-be parent layer is a container$/)

    const uids = [{ containerId: 0, hostId: 100_000, size: 65_536 }]
    const mapped = await createContainer(store, { image: 'debian', names: ['mapped'], idMaps: { uids, gids: uids } })
    const again = await createContainer(store, { image: 'debian', names: ['again'], idMaps: { uids, gids: uids } })
    const { mappedLayers } = JSON.parse(go('image', '-j', 'debian'))[0] as { mappedLayers?: string[] }
    const parents = [(await getLayer(store, mapped.layer)).parent, (await getLayer(store, again.layer)).parent]
    const [record] = JSON.parse(scratch.records('images')) as readonly Record<string, readonly string[]>[]
    const copies = record?.['mapped-layers'] ?? []
    assert.equal(mappedLayers, undefined)
    if (store.driver.supportsShifting({ uids, gids: uids })) {
      assert.deepEqual([copies, parents], [[], ['base', 'base']])
    } else {
      assert.equal(copies.length, 1)
      assert.deepEqual(parents, [copies[0], copies[0]])
      const copy = await getLayer(store, copies[0] ?? '')
      const base = await getLayer(store, 'base')
      assert.deepEqual([copy.diffId, copy.uidMap, copy.parent], [base.diffId, uids, base.parent])
      assert.equal(go('diff', '-u', copy.id), go('diff', '-u', 'base'))
    }
    assert.deepEqual([mapped.uidMap, mapped.gidMap], [uids, uids])
  })
}

test('a container is refused when something is taken or does not fit, in the words of the original', async () => {
  await using scratch = await scratchStore('vfs')
  const { store, tryGo } = scratch
  await withImage(scratch)
  const { id } = await createContainer(store, { id: parseContainerId('c'), names: ['n'], image: 'img' })
  const refused = async (attempt: Promise<unknown>): Promise<string> =>
    await attempt.then(
      () => 'done',
      (error: Error) => error.message,
    )
  for (const [flags, container] of [
    [['-i', 'c', 'img'], { id, image: 'img' }],
    [['-n', 'n', 'img'], { names: ['n'], image: 'img' }],
    [['nobody'], { image: 'nobody' }],
  ] as const) {
    const ours = await refused(createContainer(store, container))
    assert.equal(tryGo('create-container', ...flags).text.trim(), ours)
  }
  const range = { containerId: 0, hostId: 1000, size: 10 }
  assert.equal(
    await refused(createContainer(store, { image: 'img', idMaps: { uids: [range, { ...range, containerId: 5 }] } })),
    'the specified UID and/or GID mapping 5:1000:10 conflicts with other mappings: invalid mappings specified',
  )
  assert.equal(
    await refused(createContainer(store, { image: 'img', mountLabel: 'x' })),
    'ProcessLabel and Mountlabel must either not be specified or both specified',
  )
  assert.equal((await listContainers(store)).length, 1)
  assert.deepEqual(readdirSync(join(scratch.graphRoot, 'vfs/dir')).length, 2)
})

test('a container of nothing has an empty tree, and an image of no layers is one of nothing', async () => {
  await using scratch = await scratchStore('vfs')
  const { store, go } = scratch
  await createImage(store, { id: parseImageId('empty') })
  for (const image of [undefined, '', 'empty']) {
    const { layer, image: recorded } = await createContainer(store, { ...(image !== undefined && { image }) })
    assert.deepEqual(readdirSync(await mountLayer(store, layer)), [])
    assert.equal(recorded, image === 'empty' ? 'empty' : undefined)
  }
  assert.equal(JSON.parse(go('containers', '-j')).length, 3)
  assert.equal(await imageDirectory(store, 'emp'), join(scratch.graphRoot, 'vfs-images/empty/userdata'))
  await assert.rejects(imageDirectory(store, 'nobody'), (error) => isFault(error, 'image-unknown'))
})

test('an object of any kind is found in the order asked for', async () => {
  await using scratch = await scratchStore('vfs')
  const { store } = scratch
  await createLayer(store, { names: ['same'] })
  await createImage(store, { names: ['same'] })
  await createContainer(store, { names: ['same'] })
  assert.equal((await getObject(store, 'same')).kind, 'layer')
  assert.equal((await getObject(store, 'same', { among: ['container', 'layer'] })).kind, 'container')
  assert.equal((await getContainer(store, 'same')).names[0], 'same')
  await assert.rejects(getObject(store, 'nobody'), /^Fault: layer not known$/)
})

test('one who wants a blob waits for the one who has its lock', async () => {
  await using scratch = await scratchStore('vfs')
  const digest = (await importLayer(scratch.store, { blob: scratch.tar({ a: '1' }) })).diffId
  assert.ok(digest)
  const order: string[] = []
  const first = await digestLock(scratch.store, digest)
  const wait = async (): Promise<void> => {
    using _lock = await digestLock(scratch.store, digest)
    order.push('second')
  }
  const second = wait()
  order.push('first')
  first[Symbol.dispose]()
  await second
  assert.deepEqual(order, ['first', 'second'])
  assert.deepEqual(readdirSync(join(scratch.runRoot, 'vfs-locks')), [digest])
})
