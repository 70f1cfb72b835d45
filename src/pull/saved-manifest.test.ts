import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Image,
  type ImageManifest,
  isFault,
  mediaTypes,
  parseBlobDigest,
  parseImageId,
  parseManifest,
  parseTimestamp,
} from '#model'
import { manifestFor, refuseNewManifest, type SavedBlob } from './saved-manifest.ts'
import type { SavedCodec } from './saved-layer.ts'
import type { StoredImage } from './stored-image.ts'

const digest = (digit: string) => parseBlobDigest(`sha256:${digit.repeat(64)}`)
const blob = (digit: string, codec: SavedCodec): SavedBlob => ({ digest: digest(digit), size: 5, codec })

const image: Image = {
  id: parseImageId('f'.repeat(64)),
  names: ['localhost/x:latest'],
  namesHistory: [],
  mappedLayers: [],
  bigDataNames: [],
  bigDataSizes: {},
  bigDataDigests: {},
  created: parseTimestamp('2024-01-01T00:00:00Z'),
  unknownFields: {},
}

/** As it came: the second layer in zstd:chunked, whose annotations say where in the blob things are. */
function stored(format: 'oci' | 'docker'): StoredImage {
  const chunked = { 'io.github.containers.zstd-chunked.manifest-position': '1:2:3:1', 'org.example.kept': 'yes' }
  const manifest: ImageManifest = {
    kind: 'image',
    format,
    mediaType: format === 'oci' ? mediaTypes.ociManifest : mediaTypes.dockerManifest,
    config: {
      mediaType: format === 'oci' ? mediaTypes.ociConfig : mediaTypes.dockerConfig,
      digest: digest('c'),
      size: 3,
    },
    layers: [
      { mediaType: 'one', digest: digest('1'), size: 5 },
      { mediaType: 'two', digest: digest('2'), size: 5, annotations: chunked },
    ],
    annotations: { about: 'it' },
  }
  const run = { exposedPorts: [], environment: [], volumes: [], labels: {} }
  const config = { os: 'linux', architecture: 'amd64', run, diffIds: [], history: [] }
  const manifestBytes = Buffer.from('the original, with its spaces')
  return { image, manifest, manifestBytes, config, configBytes: new Uint8Array(0), layers: [] }
}

test('where all blobs have the digests they came with, the manifest is the one that came', () => {
  const saved = manifestFor(stored('oci'), [blob('1', 'gzip'), blob('2', 'zstd')], 'oci')
  assert.deepEqual([saved.kind, Buffer.from(saved.bytes).toString()], ['verbatim', 'the original, with its spaces'])
  refuseNewManifest(stored('oci'), saved)
  assert.equal(manifestFor(stored('docker'), [blob('1', 'gzip'), blob('2', 'gzip')], 'any').kind, 'verbatim')
})

test('else a new one names the new blobs, the same config, and no place in a blob that is no more', async () => {
  const saved = manifestFor(stored('oci'), [blob('1', 'gzip'), blob('9', 'zstd')], 'oci')
  assert.equal(saved.kind, 'new')
  assert.deepEqual(await parseManifest(saved.bytes), {
    kind: 'image',
    format: 'oci',
    mediaType: mediaTypes.ociManifest,
    config: { mediaType: mediaTypes.ociConfig, digest: digest('c'), size: 3 },
    layers: [
      { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digest('1'), size: 5 },
      {
        mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
        digest: digest('9'),
        size: 5,
        annotations: { 'org.example.kept': 'yes' },
      },
    ],
    annotations: { about: 'it' },
  })
  assert.throws(
    () => refuseNewManifest(stored('oci'), saved),
    (error) => isFault(error, 'digest-not-preserved') && error.failure.problem.startsWith('1 of 2 layers'),
  )
})

test('a Docker manifest stays one where it may, and becomes an OCI manifest for a layout or for zstd', async () => {
  const formatFor = async (codec: SavedCodec, formats: 'oci' | 'any') => {
    const { bytes, mediaType } = manifestFor(stored('docker'), [blob('8', codec), blob('9', codec)], formats)
    assert.equal((await parseManifest(bytes)).mediaType, mediaType)
    return mediaType
  }
  assert.deepEqual(
    [await formatFor('gzip', 'any'), await formatFor('zstd', 'any'), await formatFor('gzip', 'oci')],
    [mediaTypes.dockerManifest, mediaTypes.ociManifest, mediaTypes.ociManifest],
  )
  const converted = manifestFor(stored('docker'), [blob('1', 'gzip'), blob('2', 'gzip')], 'oci')
  assert.throws(() => refuseNewManifest(stored('docker'), converted), /takes OCI manifests only/)
})
