import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { parseImageId, parseLayerId } from '#model'
import { addNames } from './names.ts'
import { commitImage } from './commit-image.ts'
import { createContainer } from './create-container.ts'
import { createImage } from './create-image.ts'
import { createLayer } from './create-layer.ts'
import { deleteContainer } from './delete-container.ts'
import { deleteImage } from './delete-image.ts'
import { deleteLayer } from './delete-layer.ts'
import { diff } from './diff.ts'
import { diskUsage } from './disk-usage.ts'
import { importLayer } from './import-layer.ts'
import { listAll } from './list-all.ts'
import { listLayers } from './list-layers.ts'
import { setMetadata } from './metadata.ts'
import { type DriverName, openScratch, type ScratchStore, scratchStore } from './scratch-store.ts'
import { imageSize } from './sizes.ts'
import { stageLayers } from './stage-layers.ts'
import type { Store } from './store.ts'
import { wipe } from './wipe.ts'

const drivers: readonly DriverName[] = ['overlay', 'vfs']

/** Every layer gives back the bytes it came as, every image has all its layers, and nothing lies about. */
async function assertWhole(scratch: ScratchStore, store: Store): Promise<number> {
  const { layers, images } = await listAll(store)
  const known = new Set<string>(layers.map(({ id }) => id))
  for (const layer of layers) {
    const hash = createHash('sha256')
    for await (const bytes of await diff(store, layer.id, { compression: 'uncompressed' })) hash.update(bytes)
    assert.equal(`sha256:${hash.digest('hex')}`, layer.diffId)
    if (layer.parent !== undefined) assert.ok(known.has(layer.parent))
    assert.equal(layer.flags, undefined)
  }
  for (const image of images) {
    assert.ok(known.has(image.layer ?? ''))
    assert.equal(scratch.go('get-image-data', image.id, 'manifest'), '{}')
  }
  return layers.length
}

async function says(output: Readable, word: string): Promise<void> {
  let text = ''
  output.on('data', (some: Buffer) => (text += some.toString()))
  while (!text.includes(word)) await once(output, 'data')
}

for (const driver of drivers) {
  test(`${driver}: killed at any moment of pulling and deleting, the store is whole and the next writer leaves no rubbish`, async () => {
    await using scratch = await scratchStore(driver)
    const tars = [
      scratch.tar({ a: '1', b: 'x'.repeat(300_000) }),
      scratch.tar({ c: '1' }, 'gzip'),
      scratch.tar({ d: '1' }),
    ]
    const child = join(import.meta.dirname, 'image-in-a-loop.ts')
    const paths = tars.map(({ path }) => path)
    const seen = new Set<number>()
    for (let round = 0; round < 8; round++) {
      const after = round % 2 === 0 ? 'committed' : 'deleted'
      const victim = spawn(process.execPath, [child, scratch.directory, driver, ...paths], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await says(victim.stdout, after)
      await pause(Math.random() * (after === 'committed' ? 20 : 100))
      const exit = once(victim, 'exit')
      victim.kill('SIGKILL')
      await exit
      const store = await scratch.reopened()
      // Writing is what clears away.
      await createLayer(store, { id: parseLayerId('marker') })
      await store.transact({ write: ['layers'] }, (tx) => tx.layers.remove(parseLayerId('marker')))
      seen.add(await assertWhole(scratch, store))
      assert.equal(JSON.parse(scratch.go('layers', '-j')).length, (await listLayers(store)).length)
      // Data of an image whose record was not, or is no longer, saved: named as a leftover, and the next commit writes it anew.
      const image = join(scratch.graphRoot, `${driver}-images`, 'a'.repeat(64))
      const leftovers = (await diskUsage(store)).leftovers.filter(({ path }) => path !== image)
      assert.deepEqual(leftovers, [], `round ${round}`)
    }
    console.log(`${driver}: numbers of layers found after the kills: ${[...seen].join(', ')}`)
  })

  test(`${driver}: several processes of ours and of the original write one store at once, and nothing is lost`, async () => {
    await using scratch = await scratchStore(driver)
    const { store, directory, graphRoot, runRoot } = scratch
    const blob = scratch.tar({ a: '1' })
    const other = await openScratch(driver, directory)
    const script = `for n in 1 2 3 4 5 6; do containers-storage -g ${graphRoot} -R ${runRoot} -s ${driver} import-layer -i "$0$n" -f ${blob.path} >/dev/null || exit 1; done`
    const theirs = ['go', 'lang'].map(async (name) =>
      once(spawn('sh', ['-c', script, name], { stdio: 'inherit' }), 'exit'),
    )
    const ours = [store, other].map(async (each, index) => {
      for (let n = 0; n < 10; n++) await importLayer(each, { id: parseLayerId(`ours-${index}-${n}`), blob })
    })
    await Promise.all(ours)
    for (const [code] of await Promise.all(theirs)) assert.equal(code, 0)
    const wanted = [
      ...['go', 'lang'].flatMap((name) => [1, 2, 3, 4, 5, 6].map((n) => `${name}${n}`)),
      ...[0, 1].flatMap((index) => Array.from({ length: 10 }, (_, n) => `ours-${index}-${n}`)),
    ]
    assert.deepEqual((await listLayers(store)).map(({ id }): string => id).toSorted(), wanted.toSorted())
    assert.equal(await assertWhole(scratch, store), wanted.length)
    const listed = JSON.parse(scratch.go('layers', '-j')) as readonly { id: string }[]
    assert.deepEqual(listed.map(({ id }) => id).toSorted(), wanted.toSorted())
  })
}

test('a full disk fails the pull and leaves the store as it was', async () => {
  await using scratch = await scratchStore('vfs')
  const small = join(scratch.directory, 'graph')
  mkdirSync(small, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])
  const store = await scratch.reopened()
  await importLayer(store, { id: parseLayerId('first'), blob: scratch.tar({ a: '1' }) })
  const before = readdirSync(small, { recursive: true, encoding: 'utf8' }).toSorted()
  const records = scratch.records('layers')
  const large = scratch.tar({ b: 'x'.repeat(2 << 20) })
  await assert.rejects(importLayer(store, { blob: large }), /ENOSPC|no space left/i)
  assert.deepEqual(readdirSync(small, { recursive: true, encoding: 'utf8' }).toSorted(), before)
  assert.equal(scratch.records('layers'), records)

  // Full to the last byte: the records themselves cannot be written.
  for (const size of [0, 5000]) {
    await using chain = await stageLayers(store, { layers: [{ blob: scratch.tar({ c: '1' }) }] })
    assert.throws(() => writeFileSync(join(small, 'filler'), Buffer.alloc(2 << 20)), /ENOSPC/)
    // Room for one block, and then for two, but not for all.
    truncateSync(join(small, 'filler'), statSync(join(small, 'filler')).size - size)
    const image = { id: parseImageId('i'), bigData: [{ key: 'manifest', bytes: Buffer.alloc(9000) }] }
    await assert.rejects(commitImage(store, { layers: chain.layers, image }), /ENOSPC|no space left/i)
    await chain[Symbol.asyncDispose]()
    rmSync(join(small, 'filler'))
    assert.equal(scratch.records('layers'), records)
    assert.deepEqual(readdirSync(small, { recursive: true, encoding: 'utf8' }).toSorted(), before)
  }
  assert.deepEqual(
    (await listLayers(await scratch.reopened())).map(({ id }) => id),
    ['first'],
  )
})

test('fields that nobody knows survive every operation of ours on a store that the original wrote', async () => {
  await using scratch = await scratchStore('vfs')
  const { store, go, graphRoot } = scratch
  go('import-layer', '-i', 'base', '-f', scratch.tar({ a: '1' }).path)
  go('create-image', '-i', 'img', '-n', 'n', 'base')
  go('create-container', '-i', 'c', 'img')
  for (const file of ['layers', 'images', 'containers'] as const) {
    const path = join(graphRoot, `vfs-${file}`, `${file}.json`)
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"id":', '"x-future":{"deep":[1,"<"]},"id":'))
  }
  const other = await createContainer(store, { image: 'n', names: ['o'] })
  for (const id of ['base', 'img', 'c']) await setMetadata(store, id, 'm')
  await addNames(store, 'img', ['m'])
  await createLayer(store, { parent: 'base' })
  await deleteContainer(store, other.id)
  for (const [file, count] of [
    ['layers', 2],
    ['images', 1],
    ['containers', 1],
  ] as const) {
    const text = scratch.records(file)
    assert.equal(text.match(/"x-future":\{"deep":\[1,"\\u003c"\]\}/g)?.length, count, file)
    assert.match(text, /"metadata":"m"/)
  }
  assert.equal(JSON.parse(go('layers', '-j')).length, 3)
})

test('records that refer to each other in a circle, or to nothing, hang nothing', async () => {
  await using scratch = await scratchStore('vfs')
  const { store, graphRoot } = scratch
  for (const id of ['a', 'b', 'lost']) await createLayer(store, { id: parseLayerId(id) })
  await createImage(store, { id: parseImageId('img'), layer: 'a' })
  const path = join(graphRoot, 'vfs-layers', 'layers.json')
  const circle = scratch
    .records('layers')
    .replace('"id":"a"', '"id":"a","parent":"b"')
    .replace('"id":"b"', '"id":"b","parent":"a"')
  writeFileSync(path, circle.replace('"id":"lost"', '"id":"lost","parent":"gone"'))
  const { images, unreferenced } = await diskUsage(store)
  assert.deepEqual([images.length, unreferenced.map(({ layer }): string => layer)], [1, ['lost']])
  assert.equal(await imageSize(store, 'img'), 0)
  assert.deepEqual(await deleteImage(store, 'img'), { image: 'img', layers: [] })
  assert.equal(await deleteLayer(store, 'lost'), 'lost')
  await assert.rejects(deleteLayer(store, 'a'), /layer has children/)
  await wipe(store)
  assert.deepEqual(await listLayers(store), [])
})
