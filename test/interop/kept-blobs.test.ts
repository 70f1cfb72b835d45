// `pull --keep-blobs`: what comes out is what came in, digest by digest, also where the compressor cannot be made to repeat itself.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fixture } from '../fixtures/fixture.ts'
import { makePlace, must } from '../place.ts'

const blobsOf = (layout: string): Readonly<Record<string, Buffer>> => {
  const directory = path.join(layout, 'blobs/sha256')
  return Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(path.join(directory, name))]))
}

for (const name of ['tiny', 'edges-zstd'] as const) {
  test(`${name} goes out with every digest it came with`, async () => {
    const { path: layout, source } = await fixture(name)
    using place = makePlace('overlay')
    const id = must(place.shale('--quiet', 'pull', '--keep-blobs', source)).trim()
    const out = path.join(place.directory, 'out')
    must(place.shale('save', '--preserve-digests', id, `oci:${out}:latest`))
    assert.deepEqual(blobsOf(out), blobsOf(layout))
    must(place.podman('rmi', id))
    assert.equal(must(place.shale('layers', '--quiet')), '')
  })
}

test('a kept blob that was changed is noticed, and nothing is written', async () => {
  const { source } = await fixture('tiny')
  using place = makePlace('overlay')
  const id = must(place.shale('--quiet', 'pull', '--keep-blobs', source)).trim()
  const layers = path.join(place.graph, 'overlay-layers')
  const blob =
    readdirSync(layers, { recursive: true, encoding: 'utf8' }).find((file) => file.endsWith('shale.blob')) ?? ''
  const bytes = readFileSync(path.join(layers, blob))
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  writeFileSync(path.join(layers, blob), bytes)
  const told = place.shale('save', id, `oci:${path.join(place.directory, 'out')}`)
  assert.equal(told.status, 5)
  assert.match(told.stderr, /kept blob of layer [0-9a-f]{64}: digest is sha256:[0-9a-f]{64}, expected/)
  assert.ok(!readdirSync(place.directory).includes('out'))
})

test('without kept blobs, asking for the same digests fails rather than writing others', async () => {
  const { source } = await fixture('tiny')
  using place = makePlace('overlay')
  const id = must(place.shale('--quiet', 'pull', source)).trim()
  const told = place.shale('save', '--preserve-digests', id, `oci:${path.join(place.directory, 'out')}`)
  assert.notEqual(told.status, 0)
  assert.match(told.stderr, /output cannot be made again/)
})
