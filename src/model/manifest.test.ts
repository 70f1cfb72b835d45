import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { mediaTypes } from './descriptor-media-types.ts'
import { Fault, isFault } from './failure.ts'
import { manifestSizeLimit } from './manifest.ts'
import { parseManifest } from './manifest-parse.ts'

const digest = (digit: string) => `sha256:${digit.repeat(64)}`
const config = { mediaType: mediaTypes.ociConfig, digest: digest('c'), size: 3 }
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digest('1'), size: 9 }
const image = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] }
const index = {
  schemaVersion: 2,
  mediaType: mediaTypes.ociIndex,
  manifests: [
    {
      mediaType: mediaTypes.ociManifest,
      digest: digest('2'),
      size: 5,
      platform: { os: 'linux', architecture: 'arm64', variant: 'v8', 'os.version': '1', features: [] },
    },
  ],
}
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))

test('an image manifest keeps what matters, in order, and lets unknown fields pass', async () => {
  const second = { ...layer, digest: digest('4'), annotations: { a: 'b' }, urls: ['x'], data: 'AA==' }
  const parsed = await parseManifest(bytes({ ...image, layers: [layer, second], annotations: { t: 'u' }, subject: {} }))
  assert.deepEqual(parsed, {
    kind: 'image',
    format: 'oci',
    mediaType: mediaTypes.ociManifest,
    config,
    layers: [layer, { mediaType: layer.mediaType, digest: digest('4'), size: 9, annotations: { a: 'b' } }],
    annotations: { t: 'u' },
  })
})

test('an index names its images and their platforms', async () => {
  assert.deepEqual(await parseManifest(bytes(index)), {
    kind: 'index',
    format: 'oci',
    mediaType: mediaTypes.ociIndex,
    manifests: [
      {
        mediaType: mediaTypes.ociManifest,
        digest: digest('2'),
        size: 5,
        platform: { os: 'linux', architecture: 'arm64', variant: 'v8', osVersion: '1' },
      },
    ],
  })
})

test('what a manifest does not say of itself is told by its content', async () => {
  const { mediaType: _, ...untyped } = image
  const typeOf = async (value: unknown, mediaType?: string) =>
    (await parseManifest(bytes(value), { mediaType })).mediaType
  assert.equal(await typeOf(untyped), mediaTypes.ociManifest)
  assert.equal(
    await typeOf({ ...untyped, config: { ...config, mediaType: mediaTypes.dockerConfig } }),
    mediaTypes.dockerManifest,
  )
  assert.equal(await typeOf(untyped, mediaTypes.dockerManifest), mediaTypes.dockerManifest)
  assert.equal(await typeOf({ schemaVersion: 2, manifests: [] }), mediaTypes.ociIndex)
  assert.equal(
    await typeOf({ ...image, mediaType: mediaTypes.dockerManifest }, 'application/json'),
    mediaTypes.dockerManifest,
  )
})

const refused: Readonly<
  Record<string, { readonly value: unknown; readonly claim?: string; readonly message: RegExp }>
> = {
  'an image that is an index too': {
    value: { ...image, manifests: [] },
    message: /both an index \(manifests\) and an image/,
  },
  'an index with a config': { value: { ...index, config }, message: /both an index/ },
  'schema 2 with the layers of schema 1': { value: { ...image, fsLayers: [] }, message: /both schema 2 and schema 1/ },
  'an image that calls itself an index': {
    value: { ...image, mediaType: mediaTypes.ociIndex },
    message: /contains an image/,
  },
  'an index that calls itself an image': {
    value: { ...index, mediaType: mediaTypes.ociManifest },
    message: /contains an index/,
  },
  'a type other than the announced one': { value: image, claim: mediaTypes.ociIndex, message: /was announced as/ },
  'a type of something else': { value: { ...image, mediaType: 'text/plain' }, message: /not that of an image/ },
  'a field in another case': { value: { ...image, Layers: [] }, message: /"Layers" could be taken for layers/ },
  'a digest that leads elsewhere': {
    value: { ...image, layers: [{ ...layer, digest: 'sha256:../../../../etc/passwd' }] },
    message: /layers\.0\.digest: invalid checksum digest format/,
  },
  'a negative size': { value: { ...image, config: { ...config, size: -1 } }, message: /config\.size/ },
  'a size beyond counting': { value: { ...image, config: { ...config, size: 2 ** 60 } }, message: /config\.size/ },
  'no config': { value: { schemaVersion: 2, layers: [] }, message: /config/ },
  'another schema': { value: { ...image, schemaVersion: 3 }, message: /schemaVersion is 3, not 2/ },
  'no schema': { value: {}, message: /schemaVersion is missing/ },
  'a list': { value: [image], message: /not a JSON object/ },
  'no JSON': { value: '<html>', message: /not JSON/ },
  'bytes that are not UTF-8': { value: '{"schemaVersion":2}', message: /config/ },
}
for (const [what, { value, claim, message }] of Object.entries(refused)) {
  test(`refused: ${what}`, async () => {
    const claims = claim === undefined ? {} : { mediaType: claim }
    await assert.rejects(parseManifest(bytes(value), claims), (error) => {
      assert.ok(isFault(error, 'manifest-invalid'), String(error))
      assert.match(error.message, message)
      return true
    })
  })
}

test('Docker schema 1 is refused with the way out', async () => {
  await assert.rejects(
    parseManifest(bytes({ schemaVersion: 1, fsLayers: [], history: [] })),
    /schema 1.*skopeo copy --format v2s2/,
  )
  await assert.rejects(parseManifest(bytes({ ...image, mediaType: mediaTypes.dockerSchema1Signed })), /schema 1/)
})

test('a manifest beyond the limit is not even read', async () => {
  const huge = Buffer.alloc(manifestSizeLimit + 1, ' ')
  await assert.rejects(parseManifest(huge), (error) => isFault(error, 'limit-exceeded'))
})

test('noise is refused as a Fault, never otherwise', async () => {
  const keys = fc.constantFrom(
    'schemaVersion',
    'layers',
    'manifests',
    'config',
    'mediaType',
    'digest',
    'size',
    'annotations',
  )
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue(),
      fc.constantFrom(2, digest('a')),
      tie('object'),
      fc.array(tie('value')),
    ),
    object: fc.dictionary(keys, tie('value')),
  })).object
  await fc.assert(
    fc.asyncProperty(json, async (value) => {
      try {
        await parseManifest(bytes({ ...(value as object), schemaVersion: 2 }))
      } catch (error) {
        assert.ok(error instanceof Fault, String(error))
      }
    }),
    { numRuns: 300 },
  )
})
