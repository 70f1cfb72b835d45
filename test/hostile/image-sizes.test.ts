// Sizes that are lies, and metadata without end (CVE-2020-1702): refused by what is announced, before anything of that size is made.
import assert from 'node:assert/strict'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CraftedImage, layer, layerType, manifestType } from './crafted-image.ts'

test('blobs that are longer or shorter than announced are refused', async () => {
  for (const [announced, code] of [
    [layer.byteLength - 1, 'size-mismatch'],
    [layer.byteLength + 1, 'size-mismatch'],
    [0, 'size-mismatch'],
    [-1, 'manifest-invalid'],
    [2 ** 60, 'manifest-invalid'],
    ['10', 'manifest-invalid'],
  ] as const) {
    using image = new CraftedImage()
    image.index(image.manifest({ layers: [{ ...image.blob(layerType, layer), size: announced }] }))
    assert.equal((await image.refused()).failure.code, code, String(announced))
  }
})

test('a config or a manifest of a terabyte is refused by its size alone', async () => {
  using image = new CraftedImage()
  const config = image.config()
  truncateSync(image.fileOf(config.digest), 2 ** 40)
  image.index(image.manifest({ config: { ...config, size: 2 ** 40 } }))
  assert.equal((await image.refused()).failure.code, 'limit-exceeded')

  const huge = image.manifest()
  truncateSync(image.fileOf(huge.digest), 2 ** 40)
  image.index({ mediaType: manifestType, digest: huge.digest, size: 2 ** 40 })
  assert.equal((await image.refused()).failure.code, 'limit-exceeded')

  truncateSync(join(image.layout, 'index.json'), 2 ** 40)
  assert.equal((await image.refused()).failure.code, 'limit-exceeded')
})

test('JSON as deep as it fits does not get through the parser as a crash', async () => {
  using image = new CraftedImage()
  const deep = 1_000_000
  writeFileSync(
    join(image.layout, 'index.json'),
    `{"schemaVersion":2,"manifests":${'['.repeat(deep)}${']'.repeat(deep)}}`,
  )
  assert.equal((await image.refused()).failure.code, 'manifest-invalid')
})

test('a layer that is not what the config says of it is refused after it has been read, and nothing of it stays', async () => {
  using image = new CraftedImage()
  const config = image.config({ rootfs: { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] } })
  image.index(image.manifest({ config }))
  assert.equal((await image.refused()).failure.code, 'digest-mismatch')
})

test('the honest image, for comparison, is taken', async () => {
  using image = new CraftedImage()
  image.index(image.manifest())
  assert.deepEqual((await image.pull()).image.names, ['localhost/crafted:latest'])
})
