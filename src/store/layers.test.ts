import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ByteStream } from '#ground/bytes'
import { isFault, type Layer, parseDiffId, parseLayerId } from '#model'
import { applyDiff } from './apply-diff.ts'
import { changes, diffSize } from './changes.ts'
import { createLayer } from './create-layer.ts'
import { deleteLayer } from './delete-layer.ts'
import { deleteObject } from './delete-object.ts'
import { diff } from './diff.ts'
import { exists } from './exists.ts'
import { findLayer, getLayer } from './find-layer.ts'
import { importLayer } from './import-layer.ts'
import { layersByDigest } from './layers-by-digest.ts'
import { listLayers } from './list-layers.ts'
import { type DriverName, scratchStore } from './scratch-store.ts'
import { layerSize } from './sizes.ts'

const drivers: readonly DriverName[] = ['overlay', 'vfs']

async function bytesOf(stream: ByteStream): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces)
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** Of two records only what does not differ by chance. */
function withoutChance(layer: unknown): unknown {
  return { ...(layer as Layer), id: '', created: '' }
}

for (const driver of drivers) {
  test(`${driver}: an imported layer is recorded as the original records it, and both give the same bytes back`, async () => {
    await using scratch = await scratchStore(driver, 'full')
    const { store, go } = scratch
    const tar = scratch.tar({ 'etc/hosts': 'localhost', 'empty/': '' }, 'gzip')
    const layer = await importLayer(store, { id: parseLayerId('ours'), names: ['our name'], blob: tar })
    go('import-layer', '-i', 'theirs', '-n', 'their name', '-f', tar.path)
    const [ours, theirs] = JSON.parse(scratch.records('layers')) as readonly Record<string, unknown>[]
    assert.deepEqual(withoutChance({ ...ours, names: [] }), withoutChance({ ...theirs, names: [] }))
    assert.deepEqual(JSON.parse(go('layers', '-j')), JSON.parse(scratch.records('layers')))

    const plain = await bytesOf(await diff(store, 'our name', { compression: 'uncompressed' }))
    assert.equal(sha256(plain), layer.diffId)
    assert.deepEqual(await bytesOf(await diff(store, 'their name', { compression: 'uncompressed' })), plain)
    for (const name of ['ours', 'theirs']) {
      go('diff', '-u', '-f', join(scratch.directory, 'out'), name)
      assert.deepEqual(readFileSync(join(scratch.directory, 'out')), plain)
    }
    const gzipped = await bytesOf(await diff(store, 'ours'))
    assert.deepEqual(gzipped.subarray(0, 2), Buffer.from([0x1f, 0x8b]))
    const tarSplit = join(scratch.graphRoot, `${driver}-layers`, 'ours.tar-split.gz')
    assert.equal(statSync(tarSplit).mode & 0o777, 0o600)
    assert.equal(await layerSize(store, 'ours'), plain.length)
  })

  test(`${driver}: children stand on their parents, see their files, and are refused on a name that is none`, async () => {
    await using scratch = await scratchStore(driver)
    const { store, go } = scratch
    await importLayer(store, {
      id: parseLayerId('base'),
      names: ['b'],
      blob: scratch.tar({ a: '1', b: '1', 'd/x': '1' }),
    })
    const next = scratch.tar({ b: '22', a: undefined, c: '333' })
    const child = await importLayer(store, { parent: 'b', blob: next })
    assert.equal(child.parent, 'base')
    const seen: string[] = []
    for await (const change of changes(store, child.id)) seen.push(`${change.kind} ${change.path}`)
    assert.deepEqual(seen.toSorted(), ['add /c', 'delete /a', 'modify /b'])
    assert.equal(await diffSize(store, child.id), Number(go('diffsize', child.id)))
    assert.deepEqual(go('changes', child.id).trim().split('\n').toSorted(), ['Add "/c"', 'Delete "/a"', 'Modify "/b"'])
    await assert.rejects(importLayer(store, { parent: 'nobody', blob: next }), (error) =>
      isFault(error, 'layer-unknown'),
    )
    await assert.rejects(importLayer(store, { id: parseLayerId('base'), blob: next }), /that ID is already in use/)
    await assert.rejects(importLayer(store, { names: ['b'], blob: next }), /that name is already in use/)
    assert.equal((await listLayers(store)).length, 2)
  })

  test(`${driver}: a blob that is not what was promised, or is no tar, leaves nothing`, async () => {
    await using scratch = await scratchStore(driver)
    const { store } = scratch
    const tar = scratch.tar({ a: '1' })
    const diffId = parseDiffId(`sha256:${'0'.repeat(64)}`)
    await assert.rejects(importLayer(store, { blob: tar, expected: { diffId } }), (error) =>
      isFault(error, 'digest-mismatch'),
    )
    await assert.rejects(importLayer(store, { blob: tar, expected: { blobSize: 7 } }), (error) =>
      isFault(error, 'size-mismatch'),
    )
    writeFileSync(join(scratch.directory, 'noise'), Buffer.alloc(4096, 'noise'))
    await assert.rejects(importLayer(store, { blob: { kind: 'file', path: join(scratch.directory, 'noise') } }))
    assert.deepEqual(await listLayers(store), [])
    assert.deepEqual(readdirSync(join(scratch.graphRoot, `${driver}-layers`, 'tmp')), [])
    assert.deepEqual(readdirSync(join(scratch.graphRoot, driver, 'tempdirs')), [])
  })

  test(`${driver}: a diff applied to a layer in place is recorded like an imported one`, async () => {
    await using scratch = await scratchStore(driver)
    const { store, go } = scratch
    const tar = scratch.tar({ a: '1' }, 'zstd')
    await createLayer(store, { id: parseLayerId('ours') })
    go('create-layer', '-i', 'theirs')
    const layer = await applyDiff(store, 'ours', { blob: tar })
    go('applydiff', '-f', tar.path, 'theirs')
    const [ours, theirs] = JSON.parse(scratch.records('layers')) as readonly unknown[]
    assert.deepEqual(withoutChance(ours), withoutChance(theirs))
    assert.equal(layer.compression, 'zstd')
    assert.equal(sha256(await bytesOf(await diff(store, 'ours', { compression: 'uncompressed' }))), layer.diffId)
    await assert.rejects(applyDiff(store, 'nobody', { blob: tar }), (error) => isFault(error, 'layer-unknown'))
  })

  test(`${driver}: layers are found by id, name, unique prefix and digest`, async () => {
    await using scratch = await scratchStore(driver)
    const { store } = scratch
    const one = await importLayer(store, { id: parseLayerId('abc1'), names: ['abc2'], blob: scratch.tar({ a: '1' }) })
    await importLayer(store, { id: parseLayerId('abc2x'), blob: scratch.tar({ a: '1' }) })
    assert.equal((await getLayer(store, 'abc2')).id, 'abc1')
    assert.equal((await getLayer(store, 'abc2x')).id, 'abc2x')
    assert.equal(await findLayer(store, 'abc'), undefined)
    assert.equal((await findLayer(store, 'abc1'))?.id, 'abc1')
    const digest = one.diffId ?? ''
    for (const kind of ['diff-id', 'compressed'] as const) {
      assert.deepEqual(
        (await layersByDigest(store, { kind, digest })).map(({ id }) => id),
        ['abc1', 'abc2x'],
      )
    }
    assert.deepEqual(await layersByDigest(store, { kind: 'toc', digest }), [])
    assert.deepEqual([await exists(store, 'abc1'), await exists(store, 'abc')], [true, false])
  })

  test(`${driver}: a layer that is needed is not deleted, whatever name it is called by`, async () => {
    await using scratch = await scratchStore(driver)
    const { store, go } = scratch
    await importLayer(store, { id: parseLayerId('base'), names: ['b'], blob: scratch.tar({ a: '1' }) })
    await importLayer(store, { id: parseLayerId('child'), parent: 'base', blob: scratch.tar({ b: '1' }) })
    for (const name of ['base', 'b', 'ba']) {
      await assert.rejects(deleteLayer(store, name), /used by layer child: layer has children$/)
    }
    go('create-image', '-i', 'img', 'child')
    await assert.rejects(deleteLayer(store, 'child'), /layer child used by image img: layer is in use by an image$/)
    await assert.rejects(deleteLayer(store, 'nobody'), /^Fault: identifier is not a layer$/)
    go('delete-image', 'img')
    assert.deepEqual(await listLayers(store), [])
    await importLayer(store, { id: parseLayerId('base'), blob: scratch.tar({ a: '1' }) })
    assert.equal(await deleteLayer(store, 'b'), 'base')
    assert.deepEqual(JSON.parse(go('layers', '-j')), [])
    assert.deepEqual(readdirSync(join(scratch.graphRoot, `${driver}-layers`)).toSorted(), [
      'layers.json',
      'layers.lock',
      'tmp',
    ])
    await createLayer(store, { id: parseLayerId('x') })
    assert.equal((await deleteObject(store, 'x')).kind, 'layer')
    await assert.rejects(deleteObject(store, 'x'), /^Fault: layer not known$/)
  })
}
