import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  type ImageManifest,
  type Layer,
  mediaTypes,
  parseBlobDigest,
  parseDiffId,
  parseImageId,
  parseLayerId,
  parseManifestDigest,
  parseTimestamp,
} from '#model'
import { planPull } from './plan-pull.ts'
import type { ResolvedImage } from './resolve-image.ts'

const hex = (digit: string) => digit.repeat(64)
const chained = (parent: string, diffId: string) => createHash('sha256').update(`${parent}+${diffId}`).digest('hex')
const [one, two, three] = [hex('1'), chained(hex('1'), hex('2')), chained(chained(hex('1'), hex('2')), hex('3'))]

function image(): ResolvedImage {
  const layers = ['a', 'b', 'c'].map((digit, at) => ({
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: parseBlobDigest(`sha256:${hex(digit)}`),
    size: 10 ** at,
  }))
  const config = { mediaType: mediaTypes.ociConfig, digest: parseBlobDigest(`sha256:${hex('f')}`), size: 2 }
  const manifest: ImageManifest = { kind: 'image', format: 'oci', mediaType: mediaTypes.ociManifest, config, layers }
  const run = { exposedPorts: [], environment: [], volumes: [], labels: {} }
  const diffIds = ['1', '2', '3'].map((digit) => parseDiffId(`sha256:${hex(digit)}`))
  return {
    id: parseImageId(hex('f')),
    manifest,
    manifestBytes: new Uint8Array(0),
    manifestDigest: parseManifestDigest(`sha256:${hex('e')}`),
    config: { os: 'linux', architecture: 'amd64', run, diffIds, history: [] },
    configBytes: new Uint8Array(0),
  }
}

function layer(id: string, diffId: string, parent?: string): Layer {
  return {
    id: parseLayerId(id),
    names: [],
    ...(parent === undefined ? {} : { parent: parseLayerId(parent) }),
    created: parseTimestamp('2024-01-01T00:00:00Z'),
    diffId: parseDiffId(`sha256:${diffId}`),
    compression: 'gzip',
    bigDataNames: [],
    unknownFields: {},
  }
}

function planned(...present: readonly Layer[]) {
  const layers = { find: (id: string) => present.find((known) => known.id === id) }
  const plan = planPull(image(), ['localhost/x:latest'], layers)
  return { kinds: plan.layers.map(({ kind }) => kind), ids: plan.layers.map(({ id }) => id), bytes: plan.bytesToRead }
}

test('layers are named by their diffID and everything below, as containers/image names them', () => {
  assert.deepEqual(planned(), { kinds: ['whole', 'whole', 'whole'], ids: [one, two, three], bytes: 111 })
})

test('what is there is used, from the bottom up', () => {
  assert.deepEqual(planned(layer(one, hex('1'))).kinds, ['present', 'whole', 'whole'])
  const both = planned(layer(one, hex('1')), layer(two, hex('2'), one))
  assert.deepEqual([both.kinds, both.bytes], [['present', 'present', 'whole'], 100])
})

test('a layer of the same id counts only if it is the same content in the same place', () => {
  assert.deepEqual(planned(layer(one, hex('9'))).kinds, ['whole', 'whole', 'whole'])
  assert.deepEqual(planned(layer(one, hex('1')), layer(two, hex('2'))).kinds, ['present', 'whole', 'whole'])
  assert.deepEqual(planned(layer(two, hex('2'), one)).kinds, ['whole', 'whole', 'whole'])
})
