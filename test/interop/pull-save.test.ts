import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type Durability,
  isFault,
  openStore,
  parsePlatform,
  planImagePull,
  pullImage,
  saveImage,
  type SaveOptions,
} from '../../src/index.ts'
import { fixture, type FixtureName } from '../fixtures/fixture.ts'
import { answer, type DriverName, makePlace, must, type Place, podmanRunFlags } from '../place.ts'
import { imageFiles, imageRecords, layerRecords, layerTree, recordsOf, tarSplits } from './store-contents.ts'

const name = 'localhost/fixture:v1'

async function opened({ graph, run, driver }: Place, durability: Durability = 'none') {
  return await openStore({ graphRoot: graph, runRoot: run, driver, durability })
}

function inside({ directory }: Place, file: string): string {
  return join(directory, file)
}

function run(program: string, ...words: readonly string[]): string {
  return must(answer(program, words))
}

function podman(place: Place, ...words: readonly string[]): string {
  return must(place.podman(...words))
}

function podmanRun(place: Place, ...words: readonly string[]): string {
  return podman(place, 'run', '--rm', ...podmanRunFlags, ...words)
}

async function pulledByShale(source: string, scratch: Place) {
  await using store = await opened(scratch)
  return await pullImage(store, source, { names: [name] })
}

function pulledBySkopeo(source: string, scratch: Place): void {
  run('skopeo', 'copy', '--quiet', '--insecure-policy', source, `${scratch.transport}${name}`)
}

async function savedByShale(scratch: Place, to: string, options: SaveOptions = {}) {
  await using store = await opened(scratch)
  return await saveImage(store, name, to, options)
}

interface Inspected {
  readonly Digest: string
  readonly Layers: readonly string[]
}

function inspected(source: string): Inspected {
  return JSON.parse(run('skopeo', 'inspect', source)) as Inspected
}

function configOf(source: string): string {
  return run('skopeo', 'inspect', '--config', '--raw', source)
}

const compared: readonly (readonly [FixtureName, DriverName])[] = [
  ['tiny-plain', 'overlay'],
  ['tiny-oci-archive', 'overlay'],
  ['tiny-docker-archive', 'overlay'],
  ['tiny-dir-docker', 'overlay'],
  ['edges', 'overlay'],
  ['edges-zstd', 'overlay'],
  ['edges', 'vfs'],
]
for (const [image, driver] of compared) {
  test(`${image} in ${driver}: the store that Shale fills is the one that Skopeo fills`, async () => {
    const { source } = await fixture(image)
    using ours = makePlace(driver)
    using theirs = makePlace(driver)
    await pulledByShale(source, ours)
    pulledBySkopeo(source, theirs)
    assert.deepEqual(layerRecords(ours), layerRecords(theirs))
    assert.deepEqual(imageRecords(ours), imageRecords(theirs))
    assert.deepEqual(imageFiles(ours), imageFiles(theirs))
    assert.deepEqual(tarSplits(ours), tarSplits(theirs))
    for (const { id } of layerRecords(ours)) {
      const place = driver === 'overlay' ? join('overlay', String(id), 'diff') : join('vfs/dir', String(id))
      assert.deepEqual(layerTree(join(ours.graph, place)), layerTree(join(theirs.graph, place)))
    }
  })
}

test('an image of an index is stored with the index by which it came, and found by both digests', async () => {
  const { source } = await fixture('tiny-index')
  using scratch = makePlace('overlay')
  await using store = await opened(scratch)
  const wanted = { names: [name], platform: parsePlatform('linux/arm64') }
  const { image } = await pullImage(store, source, wanted)
  const index = JSON.parse(run('skopeo', 'inspect', '--raw', source)) as { manifests: readonly { digest: string }[] }
  const indexDigest = `sha256:${createHash('sha256')
    .update(run('skopeo', 'inspect', '--raw', source))
    .digest('hex')}`
  assert.equal(image.digest, index.manifests[1]?.digest)
  const [record] = imageRecords(scratch)
  const keys = record?.['big-data-names'] as readonly string[]
  assert.deepEqual(keys.slice(1), [`manifest-${indexDigest}`, `manifest-${image.digest}`, 'manifest'])
  assert.match(
    podman(scratch, 'images', '--digests', '--no-trunc', '--format', '{{.ID}} {{.Digest}}'),
    new RegExp(image.id),
  )
  assert.equal(podman(scratch, 'image', 'inspect', '--format', '{{.Architecture}}', name).trim(), 'arm64')
})

test('Podman runs an image that Shale pulled, whiteouts and all', async () => {
  using scratch = makePlace('overlay')
  await pulledByShale((await fixture('edges')).source, scratch)
  const script =
    'cat /etc/motd; cat /edges/links/second; ls /edges; test ! -e /edges/links/first && ls -A /edges/links/deep'
  assert.equal(
    podmanRun(scratch, name, 'sh', '-c', script),
    'hello from the second layer\none file, three names\ncontents\nlinks\nmodes\nnames\ntimes\nxattrs\nnew\n',
  )
})

test('layers that are there are used: the plan says so, and they are not read again', async () => {
  const [tiny, edges] = [await fixture('tiny'), await fixture('edges')]
  using scratch = makePlace('overlay')
  await using store = await opened(scratch)
  await pullImage(store, tiny.source)
  const plan = await planImagePull(store, edges.source)
  assert.deepEqual(
    plan.layers.map(({ kind }) => kind),
    ['present', 'present', 'whole', 'whole'],
  )
  const read = new Set<string>()
  const onProgress = (progress: { readonly kind: string; readonly item?: string }) => {
    if (progress.kind === 'reading') read.add(progress.item ?? '')
  }
  await pullImage(store, edges.source, { onProgress })
  assert.deepEqual(
    [...read].toSorted(),
    plan.layers
      .slice(2)
      .map(({ blob }) => String(blob.digest))
      .toSorted(),
  )
  await pullImage(store, edges.source, { names: ['other'] })
  const { image } = await pullImage(store, edges.source, { names: [] })
  assert.deepEqual(image.names, ['localhost/other:latest', 'localhost/edges:latest'])
  assert.equal(layerRecords(scratch).length, 4)
})

const destinations = (scratch: Place) => ({
  oci: `oci:${inside(scratch, 'layout')}:v1`,
  'oci-archive': `oci-archive:${inside(scratch, 'layout.tar')}:v1`,
  dir: `dir:${inside(scratch, 'directory')}`,
})

for (const program of ['Shale', 'Skopeo']) {
  test(`what came plain goes out with the digests it had, after ${program} pulled it`, async () => {
    const { source } = await fixture('tiny-plain')
    using scratch = makePlace('overlay')
    if (program === 'Shale') await pulledByShale(source, scratch)
    else pulledBySkopeo(source, scratch)
    for (const [kind, to] of Object.entries(destinations(scratch))) {
      const saved = await savedByShale(scratch, to, { preserveDigests: true })
      assert.equal(saved.manifest, 'verbatim')
      assert.equal(run('skopeo', 'inspect', '--raw', to), run('skopeo', 'inspect', '--raw', source), to)
      assert.equal(configOf(to), configOf(source), to)
      run(
        'skopeo',
        'copy',
        '--quiet',
        '--insecure-policy',
        '--preserve-digests',
        to,
        `dir:${inside(scratch, `copy-${kind}`)}`,
      )
    }
  })
}

test('Podman pushes what Shale pulled with the digests it came with', async () => {
  const { source } = await fixture('tiny-plain')
  using scratch = makePlace('overlay')
  await pulledByShale(source, scratch)
  podman(scratch, 'push', '--quiet', name, `dir:${inside(scratch, 'pushed')}`)
  assert.deepEqual(inspected(`dir:${inside(scratch, 'pushed')}`).Layers, inspected(source).Layers)
  assert.equal(configOf(`dir:${inside(scratch, 'pushed')}`), configOf(source))
})

test('what came compressed goes out as the same image: id, config and diffIDs, whatever the codec', async () => {
  const { source } = await fixture('edges')
  using scratch = makePlace('overlay')
  await pulledByShale(source, scratch)
  const types = { none: 'tar', gzip: 'tar+gzip', zstd: 'tar+zstd' } as const
  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    const to = `oci:${inside(scratch, 'layout')}:${compression}`
    const saved = await savedByShale(scratch, to, { compression })
    const manifest = JSON.parse(run('skopeo', 'inspect', '--raw', to)) as { layers: readonly { mediaType: string }[] }
    const found = new Set(
      manifest.layers.map(({ mediaType }) => mediaType.slice('application/vnd.oci.image.layer.v1.'.length)),
    )
    assert.deepEqual([...found], [types[compression]])
    assert.equal(inspected(to).Digest, saved.manifestDigest)
    assert.equal(configOf(to), configOf(source))
    using back = makePlace('overlay')
    pulledBySkopeo(to, back)
    assert.deepEqual(
      layerRecords(back).map((layer) => layer['diff-digest']),
      layerRecords(scratch).map((layer) => layer['diff-digest']),
    )
  }
})

test('an image of Docker’s format becomes one of OCI’s in a layout, with the same id', async () => {
  using scratch = makePlace('overlay')
  const { image } = await pulledByShale((await fixture('tiny-docker-archive')).source, scratch)
  const to = `oci:${inside(scratch, 'layout')}:v1`
  await savedByShale(scratch, to)
  run('umoci', 'unpack', '--image', `${inside(scratch, 'layout')}:v1`, inside(scratch, 'bundle'))
  using back = makePlace('overlay')
  pulledBySkopeo(to, back)
  assert.deepEqual([imageRecords(back)[0]?.['id'], layerRecords(back)], [image.id, layerRecords(scratch)])
})

test('two who pull one image at the same time both get it, once', async () => {
  const { source } = await fixture('edges')
  using scratch = makePlace('overlay')
  using alone = makePlace('overlay')
  const images = await Promise.all([1, 2, 3].map(() => pulledByShale(source, scratch)))
  await pulledByShale(source, alone)
  assert.equal(new Set(images.map(({ image }) => image.id)).size, 1)
  assert.deepEqual(layerRecords(scratch), layerRecords(alone))
  assert.deepEqual(imageRecords(scratch), imageRecords(alone))
  const staged = run('find', scratch.graph, '-name', 'temp-dir-*', '-o', '-name', 'lock-*')
  assert.equal(staged, '')
})

test('saving twice gives the same bytes', async () => {
  using scratch = makePlace('overlay')
  await pulledByShale((await fixture('edges')).source, scratch)
  for (const [kind, more] of [
    ['oci-archive', ':v1'],
    ['docker-archive', ''],
  ] as const) {
    const files = [1, 2].map((time) => inside(scratch, `${kind}-${time}.tar`))
    for (const file of files) await savedByShale(scratch, `${kind}:${file}${more}`, { compression: 'gzip' })
    const [first, second] = files.map((file) => readFileSync(file))
    assert.ok(first !== undefined && second !== undefined && first.equals(second), kind)
  }
})

test('umoci unpacks what Shale saved, and the tree is what the layers say', async () => {
  using scratch = makePlace('overlay')
  await pulledByShale((await fixture('edges')).source, scratch)
  await savedByShale(scratch, `oci:${inside(scratch, 'layout')}:v1`)
  run('umoci', 'unpack', '--image', `${inside(scratch, 'layout')}:v1`, inside(scratch, 'bundle'))
  run('umoci', 'unpack', '--image', `${(await fixture('edges')).path}:latest`, inside(scratch, 'expected'))
  assert.deepEqual(layerTree(inside(scratch, 'bundle/rootfs')), layerTree(inside(scratch, 'expected/rootfs')))
})

test('podman load takes the Docker archive, runs it, and gives it the same id', async () => {
  using scratch = makePlace('overlay')
  using other = makePlace('overlay')
  const { image } = await pulledByShale((await fixture('tiny')).source, scratch)
  await savedByShale(scratch, `docker-archive:${inside(scratch, 'saved.tar')}`)
  assert.match(podman(other, 'load', '-i', inside(scratch, 'saved.tar')), /localhost\/fixture:v1/)
  assert.equal(podman(other, 'images', '--no-trunc', '--format', '{{.ID}}').trim(), `sha256:${image.id}`)
  assert.equal(podmanRun(other, name, 'cat', '/etc/motd'), 'hello from the second layer\n')
  // And Shale takes what podman save makes of it.
  podman(other, 'save', '--quiet', '-o', inside(other, 'podman.tar'), name)
  using third = makePlace('overlay')
  const again = await pulledByShale(`docker-archive:${inside(other, 'podman.tar')}`, third)
  assert.equal(again.image.id, image.id)
})

test('digests that cannot be kept are refused when they are asked for, and nothing is left', async () => {
  using scratch = makePlace('overlay')
  await pulledByShale((await fixture('tiny-dir-docker')).source, scratch)
  const before = readdirSync(scratch.directory).toSorted()
  for (const to of [
    `oci:${inside(scratch, 'o')}`,
    `oci-archive:${inside(scratch, 'a')}`,
    `docker-archive:${inside(scratch, 'd')}`,
  ]) {
    await assert.rejects(savedByShale(scratch, to, { preserveDigests: true }), (error) =>
      isFault(error, 'digest-not-preserved'),
    )
  }
  assert.deepEqual(readdirSync(scratch.directory).toSorted(), before)
})

test('an image is added to a layout beside others, and takes the place of one of its name', async () => {
  using scratch = makePlace('overlay')
  await pulledByShale((await fixture('tiny')).source, scratch)
  cpSync((await fixture('edges')).path, inside(scratch, 'layout'), { recursive: true })
  await savedByShale(scratch, `oci:${inside(scratch, 'layout')}:tiny`)
  await savedByShale(scratch, `oci:${inside(scratch, 'layout')}:tiny`, { compression: 'none' })
  assert.deepEqual(
    ['latest', 'tiny'].map((reference) => inspected(`oci:${inside(scratch, 'layout')}:${reference}`).Layers.length),
    [4, 2],
  )
  const index = JSON.parse(readFileSync(inside(scratch, 'layout/index.json'), 'utf8')) as {
    manifests: readonly unknown[]
  }
  assert.equal(index.manifests.length, 2)
})

test('what is in the way is not overwritten', async () => {
  using scratch = makePlace('overlay')
  await pulledByShale((await fixture('tiny')).source, scratch)
  writeFileSync(inside(scratch, 'file'), 'precious')
  run('mkdir', inside(scratch, 'used'))
  writeFileSync(inside(scratch, 'used/file'), 'precious')
  for (const to of ['oci-archive:file', 'docker-archive:file', 'dir:used', 'oci:used', 'oci:file', 'dir:file']) {
    const [transport, path] = to.split(':')
    await assert.rejects(
      savedByShale(scratch, `${transport}:${inside(scratch, path ?? '')}`),
      (error) => isFault(error, 'destination-in-use'),
      to,
    )
  }
  assert.equal(
    readFileSync(inside(scratch, 'file'), 'utf8') + readFileSync(inside(scratch, 'used/file'), 'utf8'),
    'preciousprecious',
  )
})

test('a file that was changed below the store is noticed: nothing is saved', async () => {
  using scratch = makePlace('overlay')
  await pulledByShale((await fixture('tiny')).source, scratch)
  const [top] = layerRecords(scratch).slice(-1)
  const file = join(scratch.graph, 'overlay', String(top?.['id']), 'diff/etc/motd')
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('hello', 'hallo'))
  await assert.rejects(savedByShale(scratch, `oci:${inside(scratch, 'layout')}`), (error) =>
    isFault(error, 'content-modified'),
  )
  assert.equal(existsSync(inside(scratch, 'layout')), false)
  assert.deepEqual(readdirSync(scratch.directory).toSorted(), ['graph', 'run'])
})

test('a save that is cancelled leaves nothing behind', async () => {
  using scratch = makePlace('overlay')
  await pulledByShale((await fixture('edges')).source, scratch)
  for (const to of [...Object.values(destinations(scratch)), `docker-archive:${inside(scratch, 'docker.tar')}`]) {
    const cancelling = new AbortController()
    const onProgress = () => cancelling.abort(new Error('enough'))
    await assert.rejects(savedByShale(scratch, to, { signal: cancelling.signal, onProgress }), /enough/)
  }
  assert.deepEqual(readdirSync(scratch.directory).toSorted(), ['graph', 'run'])
})

const failures: Readonly<Record<string, (layout: string, blob: string) => void>> = {
  'a layer that is cut': (_, blob) => truncateSync(blob, 3_000_000),
  'a layer with one other byte': (_, blob) => {
    const bytes = readFileSync(blob)
    bytes.writeUInt8((bytes[bytes.length - 9] ?? 0) ^ 1, bytes.length - 9)
    writeFileSync(blob, bytes)
  },
  'a layer that is missing': (_, blob) => run('rm', blob),
}
for (const [what, damage] of Object.entries(failures)) {
  test(`${what}: the pull fails and the store is as it was, byte for byte`, async () => {
    using scratch = makePlace('overlay')
    await pulledByShale((await fixture('tiny')).source, scratch)
    const { path } = await fixture('edges')
    const layout = inside(scratch, 'layout')
    cpSync(path, layout, { recursive: true })
    const { Layers } = inspected(`oci:${layout}:latest`)
    const blob = join(layout, 'blobs/sha256', (Layers[2] ?? '').slice('sha256:'.length))
    chmodSync(blob, 0o644)
    damage(layout, blob)
    const before = recordsOf(scratch)
    await assert.rejects(pulledByShale(`oci:${layout}:latest`, scratch))
    assert.deepEqual(recordsOf(scratch), before)
  })
}

test('a pull that is cancelled leaves the store as it was, byte for byte', async () => {
  using scratch = makePlace('overlay')
  await pulledByShale((await fixture('tiny')).source, scratch)
  const before = recordsOf(scratch)
  const { source } = await fixture('edges')
  for (const kind of ['reading', 'unpacking', 'syncing', 'committing']) {
    const cancelling = new AbortController()
    await using store = await opened(scratch, 'full')
    const onProgress = (progress: { readonly kind: string }) => {
      if (progress.kind === kind) cancelling.abort(new Error('enough'))
    }
    const pulling = pullImage(store, source, { signal: cancelling.signal, onProgress })
    await assert.rejects(pulling, /enough/, kind)
    assert.deepEqual(recordsOf(scratch), before, kind)
  }
})
