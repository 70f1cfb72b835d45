import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault, parseDigest, parseImageId, parseLayerId, parseTimestamp, type Progress } from '#model'
import { bigDataDigest, bigDataSize, listBigData, readBigData, writeBigData } from './big-data.ts'
import { commitImage, type NewImage } from './commit-image.ts'
import { createContainer } from './create-container.ts'
import { createImage } from './create-image.ts'
import { createLayer } from './create-layer.ts'
import { deleteImage } from './delete-image.ts'
import { diskUsage } from './disk-usage.ts'
import { getImage } from './find-image.ts'
import { imagesByDigest } from './images-by-digest.ts'
import { imagesByTopLayer } from './images-by-top-layer.ts'
import { importLayer } from './import-layer.ts'
import { layerIdOfDiffId } from './layer-ids.ts'
import { listLayers } from './list-layers.ts'
import { getMetadata, setMetadata } from './metadata.ts'
import { mounted } from './mounted.ts'
import { mountImage } from './mount-image.ts'
import { addNames, getNames, removeNames, setNames } from './names.ts'
import { type DriverName, scratchStore, type ScratchStore } from './scratch-store.ts'
import { imageSize } from './sizes.ts'
import { stageLayer } from './stage-layer.ts'
import { stageLayers } from './stage-layers.ts'
import { unmountImage } from './unmount-layer.ts'
import { wipe } from './wipe.ts'

const drivers: readonly DriverName[] = ['overlay', 'vfs']
const id = parseImageId('a'.repeat(64))
const created = parseTimestamp('2020-01-02T03:04:05.678Z')

function bytes(text: string): Uint8Array {
  return Buffer.from(text)
}

function digestOf(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`
}

/** An image of three layers, of which the middle one removes what the bottom one had. */
async function committed(scratch: ScratchStore, image: Partial<NewImage> = {}): Promise<void> {
  const layers = [
    scratch.tar({ a: '1', b: '1' }),
    scratch.tar({ a: undefined, c: '1' }, 'gzip'),
    scratch.tar({ d: '1' }, 'zstd'),
  ]
  await using chain = await stageLayers(scratch.store, { layers: layers.map((blob) => ({ blob })) })
  const bigData = [
    { key: digestOf('{}'), bytes: bytes('{}') },
    { key: 'manifest', bytes: bytes('{"schemaVersion":2}') },
  ]
  const names = ['localhost/x:1']
  await commitImage(scratch.store, {
    layers: chain.layers,
    image: { id, names, metadata: '{}', created, bigData, ...image },
  })
}

/** All files with their content, without locks and rooms for temporary things. */
function picture(directory: string): Readonly<Record<string, string>> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
  const kept = files.filter((file) => !/\.lock$|^storage|mountpoints|temp-dir|^lock-/.test(file.name))
  return Object.fromEntries(
    kept.map((file) => {
      const path = join(file.parentPath, file.name)
      return [path, file.isFile() ? readFileSync(path, 'latin1') : file.isSymbolicLink() ? 'link' : 'other']
    }),
  )
}

for (const driver of drivers) {
  test(`${driver}: layers and image appear together, with the ids of the original's tools, and it mounts them`, async () => {
    await using scratch = await scratchStore(driver, 'full')
    const { store, go } = scratch
    const progress: Progress[] = []
    const layers = [scratch.tar({ a: '1', b: '1' }), scratch.tar({ a: undefined, c: '1' }, 'gzip')]
    {
      const onProgress = (some: Progress): void => void progress.push(some)
      await using chain = await stageLayers(store, { layers: layers.map((blob) => ({ blob })) }, { onProgress })
      assert.deepEqual(await listLayers(store), [])
      const bigData = [{ key: 'manifest', bytes: bytes('{"schemaVersion":2}') }]
      await commitImage(store, { layers: chain.layers, image: { id, names: ['n'], created, bigData } }, { onProgress })
    }
    const [base, top] = await listLayers(store)
    assert.ok(base?.diffId && top?.diffId)
    assert.equal(base.id, base.diffId.slice(7))
    assert.equal(
      top.id,
      createHash('sha256')
        .update(`${base.id}+${top.diffId.slice(7)}`)
        .digest('hex'),
    )
    assert.equal(top.id, layerIdOfDiffId(base.id, top.diffId))
    const [image] = JSON.parse(go('images', '-j')) as readonly Record<string, unknown>[]
    const manifest = digestOf('{"schemaVersion":2}')
    assert.deepEqual(image, {
      id,
      digest: manifest,
      names: ['n'],
      'names-history': ['n'],
      layer: top.id,
      'big-data-names': ['manifest'],
      'big-data-sizes': { manifest: 19 },
      'big-data-digests': { manifest },
      created,
    })
    const kinds = [...new Set(progress.map(({ kind }) => kind))]
    assert.deepEqual(kinds, ['reading', 'unpacking', 'syncing', 'committing'])
    assert.deepEqual(progress.at(-1), { kind: 'committing', done: 3, total: 3 })

    go('create-container', '-i', 'c', 'n')
    const tree = go('mount', 'c').trim()
    assert.deepEqual(readdirSync(tree).toSorted(), ['b', 'c'])
    go('unmount', 'c')
    const ours = await mountImage(store, 'n')
    assert.deepEqual(readdirSync(ours).toSorted(), ['b', 'c'])
    assert.equal((await mounted(store, top.id))?.count, 1)
    assert.equal(await unmountImage(store, 'n'), 'unmounted')
    assert.equal(await mounted(store, top.id), undefined)
    assert.deepEqual(readdirSync(join(scratch.graphRoot, `${driver}-layers`, 'tmp')), [])
    assert.deepEqual(readdirSync(join(scratch.graphRoot, driver, 'tempdirs')), [])
  })

  test(`${driver}: one layer that fails takes the others along, and a cancelled chain leaves the store as it was`, async () => {
    await using scratch = await scratchStore(driver)
    const { store } = scratch
    await committed(scratch)
    const before = picture(scratch.graphRoot)
    const good = scratch.tar({ e: '1' })
    const bad = { kind: 'file', path: '/dev/null/none' } as const
    await assert.rejects(stageLayers(store, { layers: [{ blob: good }, { blob: bad }, { blob: good }] }))
    const cancel = new AbortController()
    const blob = async (): Promise<typeof good> => {
      cancel.abort(new Error('changed my mind'))
      return good
    }
    await assert.rejects(
      stageLayers(store, { layers: [{ blob: good }, { blob }] }, { signal: cancel.signal }),
      /changed my mind/,
    )
    assert.deepEqual(picture(scratch.graphRoot), before)
  })

  test(`${driver}: of two who pull the same image at once one commits and the other finds it done`, async () => {
    await using scratch = await scratchStore(driver)
    const [one, other] = [scratch.store, await scratch.reopened()]
    const layers = [scratch.tar({ a: '1' }), scratch.tar({ b: '1' }), scratch.tar({ c: '1' })]
    await using first = await stageLayers(one, { layers: layers.slice(0, 2).map((blob) => ({ blob })) })
    await using second = await stageLayers(other, { layers: layers.map((blob) => ({ blob })) })
    await commitImage(one, { layers: first.layers, image: { id, names: ['one'] } })
    // The third layer was staged on a second one that is not needed any more.
    await commitImage(other, { layers: second.layers, image: { id: parseImageId('b'.repeat(64)), names: ['two'] } })
    assert.equal((await listLayers(one)).length, 3)
    const tree = await mountImage(one, 'two')
    assert.deepEqual(readdirSync(tree).toSorted(), ['a', 'b', 'c'])
    await unmountImage(one, 'two')
    await first[Symbol.asyncDispose]()
    await second[Symbol.asyncDispose]()
    assert.deepEqual((await diskUsage(one)).leftovers, [])
  })

  test(`${driver}: a layer is staged on one that is committed, or on one that is staged`, async () => {
    await using scratch = await scratchStore(driver)
    const { store } = scratch
    const base = await importLayer(store, { blob: scratch.tar({ a: '1' }) })
    await using middle = await stageLayer(store, { parent: base.id, blob: scratch.tar({ b: '1' }) })
    await using top = await stageLayer(store, { parent: middle, blob: scratch.tar({ c: '1' }) })
    assert.deepEqual([middle.parent, top.parent], [base.id, middle.id])
    await commitImage(store, { layers: [middle, top], image: { id, names: ['n'] } })
    const tree = await mountImage(store, 'n')
    assert.deepEqual(readdirSync(tree).toSorted(), ['a', 'b', 'c'])
    await unmountImage(store, 'n')
    await assert.rejects(
      commitImage(store, { layers: [], image: { id, layer: base.id } }),
      (error) =>
        isFault(error, 'image-layer-differs') &&
        error.message === `image with ID "${id}" already exists, but uses a different top layer`,
    )
    await assert.rejects(
      commitImage(store, { layers: [], image: { id: parseImageId('x'), layer: parseLayerId('gone') } }),
      (error) => isFault(error, 'layer-unknown'),
    )
    const taken = { id: base.id, parent: undefined, blob: scratch.tar({ other: '1' }) }
    await using impostor = await stageLayer(store, taken)
    await assert.rejects(commitImage(store, { layers: [impostor], image: { id: parseImageId('x') } }), (error) =>
      isFault(error, 'layer-content-differs'),
    )
  })

  test(`${driver}: an image that is there gets the new name and data; names move over and leave a history`, async () => {
    await using scratch = await scratchStore(driver)
    const { store, go } = scratch
    await committed(scratch)
    const { layer } = await getImage(store, id)
    assert.ok(layer)
    const again = {
      id,
      layer,
      names: ['localhost/x:2'],
      metadata: '{"new":1}',
      bigData: [{ key: 'manifest', bytes: bytes('{}') }],
    }
    const image = await commitImage(store, { layers: [], image: again })
    assert.deepEqual(image.names, ['localhost/x:2', 'localhost/x:1'])
    assert.equal(image.metadata, '{"new":1}')
    assert.equal(image.digest, digestOf('{"schemaVersion":2}'))
    assert.deepEqual(
      (await imagesByDigest(store, digestOf('{}'))).map((found) => found.id),
      [id],
    )
    assert.deepEqual(await imagesByDigest(store, digestOf('{"schemaVersion":2}')), [image])
    const other = await commitImage(store, {
      layers: [],
      image: { id: parseImageId('b'), layer, names: ['localhost/x:1'] },
    })
    assert.deepEqual([other.names, (await getImage(store, id)).names], [['localhost/x:1'], ['localhost/x:2']])
    assert.deepEqual(JSON.parse(go('get-names', '-j', id)), ['localhost/x:2'])
    assert.deepEqual(
      (await imagesByTopLayer(store, layer)).map((found) => found.id),
      [id, 'b'],
    )
  })

  test(`${driver}: what an image alone needs goes with it, as the original would have it, and nothing else`, async () => {
    await using scratch = await scratchStore(driver)
    const { store, go, tryGo } = scratch
    await committed(scratch)
    const [base, , top] = await listLayers(store)
    assert.ok(base && top)
    await importLayer(store, { id: parseLayerId('other'), parent: base.id, blob: scratch.tar({ z: '1' }) })
    await createContainer(store, { image: id, names: ['c'] })
    await assert.rejects(
      deleteImage(store, 'localhost/x:1'),
      /^Fault: image used by [0-9a-f]{64}: image is in use by a container$/,
    )
    await assert.rejects(deleteImage(store, 'nobody'), /^Fault: identifier is not an image$/)
    go('delete-container', 'c')
    const plan = await deleteImage(store, id, { mode: 'plan' })
    const theirs = tryGo('delete-image', '-t', id).text.trim().split('\n')
    assert.deepEqual(
      theirs,
      plan.layers.map((layer) => `${id}: ${layer}`),
    )
    assert.equal(plan.layers.length, 2)
    assert.deepEqual(await deleteImage(store, id), plan)
    assert.deepEqual(
      (await listLayers(store)).map((layer) => layer.id),
      [base.id, 'other'],
    )
    assert.deepEqual(readdirSync(join(scratch.graphRoot, `${driver}-images`)).toSorted(), [
      'images.json',
      'images.lock',
    ])
  })

  test(`${driver}: disk usage tells what is one image's own, what is shared, and what crashes left`, async () => {
    await using scratch = await scratchStore(driver)
    const { store } = scratch
    await committed(scratch)
    const [base] = await listLayers(store)
    assert.ok(base)
    await createImage(store, { id: parseImageId('second'), layer: base.id })
    await createLayer(store, { id: parseLayerId('loose') })
    const orphan = await store.driver.stage(undefined)
    orphan.commit(parseLayerId('f'.repeat(64)))
    await orphan[Symbol.asyncDispose]()
    const usage = await diskUsage(store)
    const [first, second] = usage.images
    assert.ok(first && second)
    assert.ok(first.unique > 0 && first.shared > 0)
    assert.deepEqual([second.unique, second.shared], [0, first.shared])
    assert.deepEqual(
      usage.unreferenced.map(({ layer }) => layer),
      ['loose'],
    )
    assert.equal(usage.leftovers.length, 1)
    assert.equal(usage.total, first.unique + first.shared)
    await wipe(store)
    assert.deepEqual(await diskUsage(store), { images: [], containers: [], unreferenced: [], leftovers: [], total: 0 })
  })
}

test('images are created, renamed and filled as by the original', async () => {
  await using ours = await scratchStore('vfs')
  await using theirs = await scratchStore('vfs')
  const { store } = ours
  for (const scratch of [ours, theirs]) await createLayer(scratch.store, { id: parseLayerId('base'), names: ['b'] })
  const item = join(ours.directory, 'item')
  const data = ['manifest', 'Weird/Key é', 'manifest-x']
  await createImage(store, { id: parseImageId('i'), names: ['n1', 'n2'], layer: 'b', metadata: 'm' })
  await createImage(store, { id: parseImageId('j'), names: ['n3'] })
  for (const key of data) await writeBigData(store, { kind: 'image', object: 'n1', key, bytes: bytes(key) })
  await setNames(store, 'i', ['x', 'y', 'x'])
  await addNames(store, 'y', ['n3', 'w'])
  await removeNames(store, 'i', ['x', 'unknown'])
  await setMetadata(store, 'w', 'changed')

  theirs.go('create-image', '-i', 'i', '-n', 'n1', '-n', 'n2', '-m', 'm', 'b')
  theirs.go('create-image', '-i', 'j', '-n', 'n3')
  for (const key of data) {
    writeFileSync(item, key)
    theirs.go('set-image-data', '-f', item, 'n1', key)
  }
  theirs.go('set-names', '-n', 'x', '-n', 'y', '-n', 'x', 'i')
  // 1.43 adds at the end: newer ones first, then the old, which is what we do (spec/store §5.5).
  theirs.go('set-names', '-n', 'n3', '-n', 'w', '-n', 'x', '-n', 'y', 'i')
  theirs.go('set-names', '-n', 'n3', '-n', 'w', '-n', 'y', 'i')
  theirs.go('set-metadata', '-m', 'changed', 'w')

  const comparable = (text: string): string => text.replaceAll(/"created":"[^"]*"/g, '"created":""')
  assert.equal(comparable(ours.records('images')), comparable(theirs.records('images')))
  assert.deepEqual(
    readdirSync(join(ours.graphRoot, 'vfs-images/i')),
    readdirSync(join(theirs.graphRoot, 'vfs-images/i')),
  )
  assert.deepEqual(await getNames(store, 'i'), ['n3', 'w', 'y'])
  assert.equal(await getMetadata(store, 'n3'), 'changed')
  assert.deepEqual(await listBigData(store, { kind: 'image', object: 'i' }), data)
  assert.equal(
    Buffer.from(await readBigData(store, { kind: 'image', object: 'i', key: 'manifest' })).toString(),
    'manifest',
  )
  assert.equal(await bigDataSize(store, { kind: 'image', object: 'i', key: 'manifest' }), 8)
  assert.equal(await bigDataDigest(store, { kind: 'image', object: 'i', key: 'manifest' }), digestOf('manifest'))
  assert.equal(await imageSize(store, 'i'), Number(/Size: (\d+)/.exec(theirs.go('image', 'i'))?.[1]))
})

test('what is refused is refused in the words of the original', async () => {
  await using scratch = await scratchStore('vfs')
  const { store, tryGo } = scratch
  await createImage(store, { id: parseImageId('i'), names: ['n'] })
  const refusals: readonly (readonly [() => Promise<unknown>, readonly string[]])[] = [
    [() => createImage(store, { id: parseImageId('i') }), ['create-image', '-i', 'i']],
    [() => createImage(store, { names: ['n'] }), ['create-image', '-n', 'n']],
    [() => createImage(store, { layer: 'nobody' }), ['create-image', 'nobody']],
    [() => createImage(store, { digest: 'junk' }), ['create-image', '-d', 'junk']],
    [() => getImage(store, 'nobody'), ['list-image-data', 'nobody']],
    [() => readBigData(store, { kind: 'image', object: 'i', key: 'k' }), ['get-image-data', 'i', 'k']],
    [() => bigDataSize(store, { kind: 'image', object: 'i', key: 'k' }), ['get-image-data-size', 'i', 'k']],
    [() => bigDataDigest(store, { kind: 'image', object: 'i', key: 'k' }), ['get-image-data-digest', 'i', 'k']],
    [
      () => writeBigData(store, { kind: 'image', object: 'i', key: '', bytes: bytes('') }),
      ['set-image-data', '-f', '/dev/null', 'i', ''],
    ],
    [() => readBigData(store, { kind: 'container', object: 'i', key: 'k' }), ['list-container-data', 'i']],
    [() => getNames(store, 'nobody'), ['get-names', 'nobody']],
    [() => setMetadata(store, 'nobody', 'm'), ['set-metadata', '-m', 'm', 'nobody']],
    [() => mountImage(store, 'i', { options: ['rw'] }), []],
  ]
  for (const [refused, command] of refusals) {
    const message = await refused().then(
      () => assert.fail(`${command.join(' ')} was not refused`),
      (error: Error) => error.message,
    )
    if (command.length === 0) assert.equal(message, ' "rw" option not supported')
    else assert.equal(tryGo(...command).text.trim(), message)
  }
  assert.throws(() => parseDigest('sha256:'), /invalid checksum digest/)
})
