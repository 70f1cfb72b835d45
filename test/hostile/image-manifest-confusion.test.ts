// A manifest that two programs read as two images (CVE-2021-41190).
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CraftedImage, indexType, layer, layerType, manifestType } from './crafted-image.ts'

test('an image that is an index as well is refused, whatever it calls itself', async () => {
  for (const mediaType of [manifestType, indexType, undefined]) {
    using image = new CraftedImage()
    image.index(image.manifest({ mediaType, manifests: [image.manifest()] }))
    assert.match((await image.refused()).message, /both an index \(manifests\) and an image/)
  }
})

test('a manifest that is announced as something else is refused', async () => {
  using image = new CraftedImage()
  image.index({ ...image.manifest(), mediaType: indexType })
  assert.match((await image.refused()).message, /was announced as/)
})

test('an index that calls itself an image is refused', async () => {
  using image = new CraftedImage()
  image.index(image.blob(manifestType, { schemaVersion: 2, mediaType: manifestType, manifests: [image.manifest()] }))
  assert.match((await image.refused()).message, /contains an index/)
})

test('fields that only some programs take for the known ones are refused', async () => {
  using image = new CraftedImage()
  image.index(image.manifest({ Layers: [image.blob(layerType, layer)] }))
  assert.match((await image.refused()).message, /"Layers" could be taken for layers/)
})

test('an index that leads from index to index is not followed for ever', async () => {
  using image = new CraftedImage()
  let inner = image.manifest()
  for (let depth = 0; depth < 12; depth++) {
    inner = image.blob(indexType, { schemaVersion: 2, mediaType: indexType, manifests: [inner] })
  }
  image.index(inner)
  assert.equal((await image.refused()).failure.code, 'limit-exceeded')
})
