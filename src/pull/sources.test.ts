import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type Fault, isFault, mediaTypes, parsePlatform } from '#model'
import { openImageSource } from './open-image-source.ts'
import { readBlob } from './read-blob.ts'
import { resolveImage, type ResolveOptions } from './resolve-image.ts'

const place = mkdtempSync(join(tmpdir(), 'shale-sources-'))
after(() => rmSync(place, { recursive: true }))
let made = 0
const fresh = (name = 'image') => join(place, `${++made}-${name}`)

const digestOf = (bytes: string | Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const layerBytes = Buffer.alloc(1024)
const layerType = 'application/vnd.oci.image.layer.v1.tar'

/** A layout in which blobs are put by hand, right or wrong. */
class Layout {
  readonly path = fresh('layout')

  constructor() {
    mkdirSync(join(this.path, 'blobs/sha256'), { recursive: true })
    writeFileSync(join(this.path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  }

  add(mediaType: string, content: unknown) {
    const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content))
    const digest = digestOf(bytes)
    writeFileSync(this.fileOf(digest), bytes)
    return { mediaType, digest, size: bytes.byteLength }
  }

  fileOf(digest: string): string {
    return join(this.path, 'blobs/sha256', digest.slice(7))
  }

  image(platform: { readonly architecture: string; readonly variant?: string } = { architecture: 'amd64' }, more = {}) {
    const layers = [this.add(layerType, layerBytes)]
    const diff_ids = [digestOf(layerBytes)]
    const config = this.add(mediaTypes.ociConfig, { ...platform, os: 'linux', rootfs: { type: 'layers', diff_ids } })
    return this.add(mediaTypes.ociManifest, {
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config,
      layers,
      ...more,
    })
  }

  index(...manifests: readonly object[]): this {
    writeFileSync(join(this.path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
    return this
  }
}

const named = (entry: object, name: string) => ({
  ...entry,
  annotations: { 'org.opencontainers.image.ref.name': name },
})

async function resolved(text: string, options: ResolveOptions = {}) {
  await using source = await openImageSource(text)
  return { names: source.names, ...(await resolveImage(source, options)) }
}

async function failureOf(text: string, options: ResolveOptions = {}): Promise<Fault['failure']> {
  try {
    await resolved(text, options)
  } catch (error) {
    if (error instanceof Error && 'failure' in error) return (error as Fault).failure
    throw error
  }
  assert.fail(`${text} was accepted`)
}

test('of several images in a layout the reference chooses, and none has to be guessed', async () => {
  const layout = new Layout()
  const [one, two] = [layout.image(), layout.image({ architecture: 'amd64' }, { annotations: { no: '2' } })]
  layout.index(named(one, 'v1'), named(two, 'registry.example/team/app:v2'))
  assert.equal((await resolved(`oci:${layout.path}:v1`)).manifestDigest, one.digest)
  const second = await resolved(`oci:${layout.path}:registry.example/team/app:v2`)
  assert.deepEqual([second.manifestDigest, second.names], [two.digest, ['registry.example/team/app:v2']])
  const unnamed = await failureOf(`oci:${layout.path}`)
  assert.deepEqual(unnamed, {
    code: 'source-image-unknown',
    source: `oci:${layout.path}`,
    available: ['v1', 'registry.example/team/app:v2'],
  })
  assert.equal((await failureOf(`oci:${layout.path}:v3`)).code, 'source-image-unknown')
})

test('the image of an index is chosen by platform, also through an index in an index', async () => {
  const layout = new Layout()
  const amd64 = layout.image({ architecture: 'amd64' })
  const arm = layout.image({ architecture: 'arm', variant: 'v6' })
  const index = layout.add(mediaTypes.ociIndex, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [
      { ...amd64, platform: { os: 'linux', architecture: 'amd64' } },
      { ...arm, platform: { os: 'linux', architecture: 'arm', variant: 'v6' } },
      { ...amd64, platform: { os: 'unknown', architecture: 'unknown' } },
    ],
  })
  const outer = layout.add(mediaTypes.ociIndex, {
    schemaVersion: 2,
    mediaType: mediaTypes.ociIndex,
    manifests: [index],
  })
  layout.index(outer)
  const onArm = await resolved(`oci:${layout.path}`, { platform: parsePlatform('linux/arm/v7') })
  assert.deepEqual([onArm.manifestDigest, onArm.index?.digest], [arm.digest, outer.digest])
  const failure = await failureOf(`oci:${layout.path}`, { platform: parsePlatform('linux/s390x') })
  assert.equal(failure.code, 'platform-unavailable')
})

test('a single image for another platform is refused when one was asked for', async () => {
  const layout = new Layout()
  layout.index(layout.image({ architecture: 'arm64', variant: 'v8' }))
  assert.equal((await resolved(`oci:${layout.path}`)).config.architecture, 'arm64')
  assert.equal(
    (await resolved(`oci:${layout.path}`, { platform: parsePlatform('linux/arm64') })).config.architecture,
    'arm64',
  )
  const failure = await failureOf(`oci:${layout.path}`, { platform: parsePlatform('linux/amd64') })
  assert.deepEqual(failure, { code: 'platform-unavailable', wanted: 'linux/amd64', available: ['linux/arm64/v8'] })
})

test('bytes that are not what their name says are refused', async (t) => {
  const tampered: Readonly<Record<string, (layout: Layout, manifest: { readonly digest: string }) => void>> = {
    'digest-mismatch': (layout, { digest }) => {
      const text = readFileSync(layout.fileOf(digest), 'utf8')
      writeFileSync(
        layout.fileOf(digest),
        text.replace('"schemaVersion":2', '"schemaVersion": 2').replace('{"', '{"').slice(0, -1),
      )
    },
    'size-mismatch': (layout, { digest }) => truncateSync(layout.fileOf(digest), 20),
    'archive-invalid': (layout, { digest }) => rmSync(layout.fileOf(digest)),
  }
  for (const [code, tamper] of Object.entries(tampered)) {
    await t.test(code, async () => {
      const layout = new Layout()
      const manifest = layout.image()
      const index = layout.add(mediaTypes.ociIndex, {
        schemaVersion: 2,
        mediaType: mediaTypes.ociIndex,
        manifests: [manifest],
      })
      layout.index(index)
      tamper(layout, manifest)
      assert.equal((await failureOf(`oci:${layout.path}`)).code, code)
    })
  }
  await t.test('a config', async () => {
    const layout = new Layout()
    const manifest = layout.image()
    layout.index(manifest)
    const { config } = JSON.parse(readFileSync(layout.fileOf(manifest.digest), 'utf8')) as {
      config: { digest: string }
    }
    const text = readFileSync(layout.fileOf(config.digest), 'utf8')
    writeFileSync(layout.fileOf(config.digest), text.replace('amd64', 'arm64'))
    assert.equal((await failureOf(`oci:${layout.path}`)).code, 'digest-mismatch')
  })
})

test('artifacts, unknown layers and other counts of layers are no images', async () => {
  const layout = new Layout()
  const chart = layout.add('application/vnd.cncf.helm.config.v1+json', {})
  const encrypted = layout.add(`${layerType}+encrypted`, layerBytes)
  const cases = [
    layout.image({ architecture: 'amd64' }, { config: chart }),
    layout.image({ architecture: 'amd64' }, { layers: [encrypted] }),
    layout.image({ architecture: 'amd64' }, { layers: [] }),
  ]
  const codes: string[] = []
  for (const image of cases) codes.push((await failureOf(`oci:${layout.index(image).path}`)).code)
  assert.deepEqual(codes, ['unsupported', 'unsupported', 'manifest-invalid'])
})

test('a layout cannot lead out of itself: links end in it, no digest is a path', async () => {
  const secret = join(place, 'secret')
  const linked = new Layout()
  const manifest = linked.image()
  linked.index(manifest)
  execFileSync('mv', [linked.fileOf(manifest.digest), secret])
  for (const target of [secret, '../../../secret']) {
    symlinkSync(target, linked.fileOf(manifest.digest))
    const failure = await failureOf(`oci:${linked.path}`)
    assert.match(failure.code === 'archive-invalid' ? failure.problem : '', /is missing/)
    rmSync(linked.fileOf(manifest.digest))
  }
  execFileSync('mv', [secret, join(linked.path, 'kept-here')])
  symlinkSync('../../kept-here', linked.fileOf(manifest.digest))
  assert.equal((await resolved(`oci:${linked.path}`)).manifestDigest, manifest.digest)

  const crafted = new Layout()
  crafted.index({ mediaType: mediaTypes.ociManifest, digest: 'sha256:../../../../../etc/passwd', size: 3 })
  assert.equal((await failureOf(`oci:${crafted.path}`)).code, 'manifest-invalid')
})

test('a FIFO among the blobs keeps nobody waiting', { timeout: 5000 }, async () => {
  const layout = new Layout()
  const manifest = layout.image()
  layout.index(manifest)
  rmSync(layout.fileOf(manifest.digest))
  execFileSync('mkfifo', [layout.fileOf(manifest.digest)])
  assert.equal((await failureOf(`oci:${layout.path}`)).code, 'archive-invalid')
})

test('an OCI archive is read where it lies, and a compressed one from a nameless copy', async () => {
  const layout = new Layout()
  layout.index(named(layout.image(), 'v1'))
  const archive = join(place, 'App.tar')
  execFileSync('tar', ['-C', layout.path, '-cf', archive, '.'])
  writeFileSync(`${archive}.gz`, gzipSync(readFileSync(archive)))
  const plain = await resolved(`oci-archive:${archive}`)
  const compressed = await resolved(`oci-archive:${archive}.gz:v1`)
  assert.deepEqual(plain, compressed)
  assert.deepEqual(plain.names, ['localhost/app:v1'])
  const cut = join(place, 'cut.tar')
  writeFileSync(cut, readFileSync(archive).subarray(0, 2300))
  assert.equal((await failureOf(`oci-archive:${cut}`)).code, 'tar-invalid')
})

/** What `docker save` of different times made: files by name, and links. */
function dockerArchive(files: Readonly<Record<string, unknown>>, links: Readonly<Record<string, string>> = {}): string {
  const directory = fresh('docker')
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(directory, name, '..'), { recursive: true })
    writeFileSync(join(directory, name), content instanceof Uint8Array ? content : JSON.stringify(content))
  }
  for (const [name, target] of Object.entries(links)) {
    mkdirSync(join(directory, name, '..'), { recursive: true })
    symlinkSync(target, join(directory, name))
  }
  execFileSync('tar', ['-C', directory, '-cf', `${directory}.tar`, '.'])
  return `${directory}.tar`
}

const dockerConfig = (...layers: readonly Uint8Array[]) => ({
  os: 'linux',
  architecture: 'amd64',
  rootfs: { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) },
})

test('a Docker archive gets the manifest that containers/image would make of it, compressed layers or not', async () => {
  const other = Buffer.alloc(2048, 'x')
  const config = dockerConfig(layerBytes, other)
  const manifest = [
    { Config: 'c.json', RepoTags: ['app:v1', 'app', 'UPPER CASE'], Layers: ['a/layer.tar', 'b/layer.tar'] },
  ]
  const plain = dockerArchive({
    'manifest.json': manifest,
    'c.json': config,
    'a/layer.tar': layerBytes,
    'b/layer.tar': other,
  })
  const packed = dockerArchive(
    { 'manifest.json': manifest, 'c.json': config, 'x.tar.gz': gzipSync(layerBytes), 'b/layer.tar': gzipSync(other) },
    { 'a/layer.tar': '../x.tar.gz' },
  )
  const [fromPlain, fromPacked] = [
    await resolved(`docker-archive:${plain}`),
    await resolved(`docker-archive:${packed}:app:v1`),
  ]
  assert.deepEqual(fromPlain, fromPacked)
  assert.deepEqual(fromPlain.names, ['docker.io/library/app:v1', 'docker.io/library/app:latest'])
  const layerOf = (bytes: Uint8Array) =>
    `{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip","size":${bytes.byteLength},"digest":"${digestOf(bytes)}"}`
  const configText = JSON.stringify(config)
  assert.equal(
    Buffer.from(fromPlain.manifestBytes).toString(),
    `{"schemaVersion":2,"mediaType":"${mediaTypes.dockerManifest}","config":{"mediaType":"${mediaTypes.dockerConfig}",` +
      `"size":${configText.length},"digest":"${digestOf(configText)}"},"layers":[${layerOf(layerBytes)},${layerOf(other)}]}`,
  )
})

test('of several images in a Docker archive a name or a place chooses', async () => {
  const images = ['one', 'two'].map((name) => ({ Config: `${name}.json`, RepoTags: [`${name}:v1`], Layers: ['l.tar'] }))
  const configs = { 'one.json': dockerConfig(layerBytes), 'two.json': { ...dockerConfig(layerBytes), author: 'two' } }
  const archive = dockerArchive({ 'manifest.json': images, 'l.tar': layerBytes, ...configs })
  assert.deepEqual((await resolved(`docker-archive:${archive}:docker.io/library/two:v1`)).config.author, 'two')
  assert.deepEqual((await resolved(`docker-archive:${archive}:@1`)).config.author, 'two')
  const failure = await failureOf(`docker-archive:${archive}`)
  assert.deepEqual(failure.code === 'source-image-unknown' && failure.available, [
    'docker.io/library/one:v1',
    'docker.io/library/two:v1',
  ])
  assert.equal((await failureOf(`docker-archive:${archive}:@2`)).code, 'source-image-unknown')
})

test('names in a Docker archive stay in the archive', async () => {
  const files = { 'c.json': dockerConfig(layerBytes), 'l.tar': layerBytes }
  const withConfig = (Config: string) => [{ Config, RepoTags: null, Layers: ['l.tar'] }]
  const outside = dockerArchive({ ...files, 'manifest.json': withConfig('../../../../../../etc/passwd') })
  assert.equal((await failureOf(`docker-archive:${outside}`)).code, 'archive-invalid')
  const throughLink = dockerArchive({ ...files, 'manifest.json': withConfig('link') }, { link: '/etc/passwd' })
  assert.equal((await failureOf(`docker-archive:${throughLink}`)).code, 'archive-invalid')
  const circle = dockerArchive({ ...files, 'manifest.json': withConfig('x') }, { x: 'y', y: 'x' })
  assert.equal((await failureOf(`docker-archive:${circle}`)).code, 'archive-invalid')
})

test('a file that is no archive of images says so', async () => {
  const noArchive = fresh('text')
  writeFileSync(noArchive, 'hello')
  const empty = fresh('empty')
  writeFileSync(empty, '')
  const oldDocker = dockerArchive({ repositories: { app: { v1: 'x' } } })
  const codes = []
  for (const path of [noArchive, empty, oldDocker]) codes.push((await failureOf(`docker-archive:${path}`)).code)
  assert.deepEqual(codes, ['tar-invalid', 'archive-invalid', 'unsupported'])
  const swapped = new Layout()
  swapped.index(swapped.image())
  execFileSync('tar', ['-C', swapped.path, '-cf', `${swapped.path}.tar`, '.'])
  const failure = await failureOf(`docker-archive:${swapped.path}.tar`)
  assert.match(failure.code === 'archive-invalid' ? failure.problem : '', /write oci-archive:/)
  await assert.rejects(openImageSource(`oci:${place}/nowhere`), { code: 'ENOENT' })
})

test('a compressed archive that grows without end is not followed there', async () => {
  const zeros = Buffer.alloc(80 << 20)
  const bomb = fresh('bomb')
  writeFileSync(bomb, gzipSync(zeros))
  await assert.rejects(openImageSource(`oci-archive:${bomb}`), (error) => isFault(error, 'limit-exceeded'))
})

test('a directory of blobs is an image, and a blob is read only at its announced size', async () => {
  const path = fresh('dir')
  mkdirSync(path)
  const config = Buffer.from(JSON.stringify(dockerConfig(layerBytes)))
  const put = (bytes: Uint8Array) => {
    const digest = digestOf(bytes)
    writeFileSync(join(path, digest.slice(7)), bytes)
    return { digest, size: bytes.byteLength }
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: { mediaType: mediaTypes.dockerConfig, ...put(config) },
    layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', ...put(layerBytes) }],
  }
  writeFileSync(join(path, 'manifest.json'), JSON.stringify(manifest))
  const image = await resolved(`dir:${path}`)
  assert.deepEqual([image.manifest.format, image.names, image.id], ['docker', [], digestOf(config).slice(7)])

  await using source = await openImageSource(`dir:${path}`)
  const limit = { what: 'a blob', most: 4096 }
  const { config: descriptor } = image.manifest
  await assert.rejects(readBlob(source, { ...descriptor, size: 3 }, limit), (error) => isFault(error, 'size-mismatch'))
  await assert.rejects(readBlob(source, { ...descriptor, size: 9000 }, limit), (error) =>
    isFault(error, 'limit-exceeded'),
  )
})
