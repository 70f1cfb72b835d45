// Indexes, manifests and configs that lie: two readings of one document (CVE-2021-41190), digests that are paths (CVE-2024-3727), sizes
// without bound (CVE-2020-1702), contents that are not what another document says of them. Refused by name before a layer is read, and
// the store stays as it was.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Failure } from '../../src/index.ts'
import { type Descriptor, digestOf, type HostileLayout, type Json, mediaTypes } from './hostile-image.ts'
import { end, rawEntry } from './raw-tar.ts'
import { usedVictim, type Victim } from './victim.ts'

const tar = (name: string): Buffer => Buffer.concat([rawEntry({ name }, name), end])
const [one, two] = [tar('one'), tar('two')]
const seconds = 20

/** Mebibytes of JSON that says nothing. */
const padding = (bytes: number) => ({ annotations: { padding: 'x'.repeat(bytes) } })
/** So deep that a reader which calls itself for every level has no stack for it. */
const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
const upwards = 'sha256:../../../../../../../../../../../../../../../../../etc/passwd'

type Code = Failure['code']

/** How a layout is crafted, and what its pull has to be refused with. */
const crafts: Readonly<Record<string, readonly [craft: (layout: HostileLayout) => string, code: Code, says?: RegExp]>> =
  {
    'an image that is an index as well': [
      (layout) => layout.pointingTo(layout.image([one], { manifests: [] })),
      'manifest-invalid',
      /both an index/,
    ],
    'an index that is an image as well': [
      (layout) => layout.pointingTo(indexOf(layout, [layout.image([one])], { layers: [] })),
      'manifest-invalid',
      /both an index/,
    ],
    'an index whose own type is that of an image': [
      (layout) => layout.pointingTo(indexOf(layout, [layout.image([one])], { mediaType: mediaTypes.manifest })),
      'manifest-invalid',
    ],
    'an image whose own type is that of an index': [
      (layout) => layout.pointingTo(layout.image([one], { mediaType: mediaTypes.index })),
      'manifest-invalid',
    ],
    'an image announced as an index': [
      (layout) => layout.pointingTo({ ...layout.image([one]), mediaType: mediaTypes.index }),
      'manifest-invalid',
      /was announced as/,
    ],
    'an image of OCI announced as one of Docker': [
      (layout) => layout.pointingTo({ ...layout.image([one]), mediaType: mediaTypes.dockerManifest }),
      'manifest-invalid',
      /was announced as/,
    ],
    'a field that another reader takes for layers': [
      (layout) => layout.pointingTo(layout.image([one], { Layers: [] })),
      'manifest-invalid',
      /could be taken for/,
    ],
    'schema 1': [
      (layout) => layout.pointingTo(layout.add(mediaTypes.manifest, { schemaVersion: 1, fsLayers: [], history: [] })),
      'unsupported',
    ],
    'an index that points up': [
      (layout) => layout.pointingTo({ mediaType: mediaTypes.manifest, digest: upwards, size: 3 }),
      'manifest-invalid',
      /checksum digest/,
    ],
    'a config that points up': [
      (layout) =>
        layout.pointingTo(layout.image([one], { config: { mediaType: mediaTypes.config, digest: upwards, size: 3 } })),
      'manifest-invalid',
      /checksum digest/,
    ],
    'a layer that points up': [
      (layout) =>
        layout.pointingTo(layout.image([one], { layers: [{ mediaType: mediaTypes.layer, digest: upwards, size: 3 }] })),
      'manifest-invalid',
      /checksum digest/,
    ],
    'a diffID that points up': [
      (layout) => withConfig(layout, { rootfs: { type: 'layers', diff_ids: [upwards] } }),
      'manifest-invalid',
      /diff_ids/,
    ],
    'a digest of an algorithm that nobody knows': [
      (layout) => layout.pointingTo({ ...layout.image([one]), digest: `md5:${'0'.repeat(32)}` }),
      'manifest-invalid',
    ],
    'a digest in capitals': [
      (layout) => layout.pointingTo({ ...layout.image([one]), digest: layout.image([one]).digest.toUpperCase() }),
      'manifest-invalid',
    ],
    'a manifest of 5 MiB': [
      (layout) => layout.pointingTo(layout.image([one], padding(5 << 20))),
      'limit-exceeded',
      /bytes in a manifest/,
    ],
    'an index.json of 5 MiB': [
      (layout) => layout.pointingTo({ ...layout.image([one]), ...padding(5 << 20) }),
      'limit-exceeded',
      /index\.json/,
    ],
    'a config of 5 MiB': [(layout) => withConfig(layout, padding(5 << 20)), 'limit-exceeded', /image config/],
    'a config that says it has exabytes': [
      (layout) => layout.pointingTo(layout.image([one], { config: { ...layout.config([one]), size: 2 ** 52 } })),
      'limit-exceeded',
    ],
    'a config that says it is empty': [
      (layout) => layout.pointingTo(layout.image([one], { config: { ...layout.config([one]), size: 0 } })),
      'size-mismatch',
    ],
    'a negative size': [
      (layout) => layout.pointingTo(layout.image([one], { config: { ...layout.config([one]), size: -1 } })),
      'manifest-invalid',
    ],
    'a manifest two million levels deep': [
      (layout) => layout.pointingTo(layout.add(mediaTypes.manifest, deep(2_000_000))),
      'manifest-invalid',
    ],
    'a manifest with a field a million levels deep': [
      (layout) => layout.pointingTo(layout.add(mediaTypes.manifest, `{"schemaVersion":2,"layers":${deep(1_000_000)}}`)),
      'manifest-invalid',
    ],
    'a config a million levels deep': [
      (layout) => layout.pointingTo(layout.image([one], { config: layout.add(mediaTypes.config, deep(1_000_000)) })),
      'manifest-invalid',
    ],
    'a manifest that is cut': [
      (layout) => layout.pointingTo(layout.add(mediaTypes.manifest, '{"schemaVersion":2,"config":{')),
      'manifest-invalid',
    ],
    'a manifest that is not the one': [
      (layout) => {
        const manifest = layout.image([one])
        writeFileSync(layout.fileOf(manifest.digest), readFileSync(layout.fileOf(layout.image([two]).digest)))
        return layout.pointingTo(manifest)
      },
      'digest-mismatch',
    ],
    'the diffIDs of other layers': [
      (layout) => withConfig(layout, { rootfs: { type: 'layers', diff_ids: [digestOf(two)] } }),
      'digest-mismatch',
    ],
    'diffIDs in another order': [
      (layout) => layout.pointingTo(layout.image([one, two], { config: layout.config([two, one]) })),
      'digest-mismatch',
    ],
    'more layers than diffIDs': [
      (layout) => layout.pointingTo(layout.image([one, two], { config: layout.config([one]) })),
      'manifest-invalid',
      /2 layers.*diffIDs of 1/,
    ],
    'more diffIDs than layers': [
      (layout) => layout.pointingTo(layout.image([one], { config: layout.config([one, two]) })),
      'manifest-invalid',
      /1 layers.*diffIDs of 2/,
    ],
    'a layer that is longer than it is said to be': [
      (layout) =>
        layout.pointingTo(layout.image([one], { layers: [{ ...layout.add(mediaTypes.layer, one), size: 1024 }] })),
      'size-mismatch',
    ],
    'an artifact': [
      (layout) => layout.pointingTo(layout.image([one], { config: layout.add('application/vnd.example.chart', {}) })),
      'unsupported',
    ],
    'a layer of unknown type': [
      (layout) => layout.pointingTo(layout.image([one], { layers: [layout.add('application/x-shellscript', one)] })),
      'unsupported',
    ],
    'five indexes in one another': [
      (layout) => layout.pointingTo(nested(layout, layout.image([one]), 5)),
      'limit-exceeded',
      /indexes in one another/,
    ],
    'indexes that stand for each other': [
      (layout) => {
        // Nobody can make a digest contain itself; what remains is a file that lies about its name.
        const inner = indexOf(layout, [layout.image([one])])
        const outer = indexOf(layout, [inner])
        writeFileSync(layout.fileOf(inner.digest), readFileSync(layout.fileOf(outer.digest)))
        return layout.pointingTo(outer)
      },
      'size-mismatch',
    ],
    'a blob that is a symlink to something else': [
      (layout) => {
        const manifest = layout.image([one])
        unlinkSync(layout.fileOf(manifest.digest))
        symlinkSync('/etc/passwd', layout.fileOf(manifest.digest))
        return layout.pointingTo(manifest)
      },
      'archive-invalid',
    ],
  }

function indexOf(layout: HostileLayout, manifests: readonly Descriptor[], fields: Json = {}): Descriptor {
  return layout.add(mediaTypes.index, {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: platformed(manifests),
    ...fields,
  })
}

const platformed = (manifests: readonly Descriptor[]): readonly Json[] => {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  return manifests.map((manifest) => ({ ...manifest, platform: { os: 'linux', architecture } }))
}

function nested(layout: HostileLayout, image: Descriptor, levels: number): Descriptor {
  return levels === 0 ? image : indexOf(layout, [nested(layout, image, levels - 1)])
}

function withConfig(layout: HostileLayout, fields: Json): string {
  return layout.pointingTo(layout.image([one], { config: layout.config([one], fields) }))
}

async function refusedIn(victim: Victim, what: string): Promise<Failure> {
  const craft = crafts[what]?.[0]
  assert.ok(craft)
  const source = craft(victim.layout())
  const began = performance.now()
  const failure = await victim.failure(async () => victim.attemptFrom(source))
  assert.ok(performance.now() - began < seconds * 1000)
  return failure
}

test('documents that lie are refused by name', async (context) => {
  using victim = usedVictim('overlay', tar('first'))
  for (const [what, [, code, says]] of Object.entries(crafts)) {
    await context.test(what, async () => {
      const failure = await refusedIn(victim, what)
      assert.equal(failure.code, code, JSON.stringify(failure))
      if (says !== undefined) assert.match(JSON.stringify(failure), says)
    })
  }
})

test('the command says it in a line, with the exit status of content that is not what it should be', () => {
  using victim = usedVictim('vfs', tar('first'))
  const statuses: Readonly<Record<string, number>> = {
    'an image that is an index as well': 5,
    'a layer that points up': 5,
    'the diffIDs of other layers': 5,
    'a manifest of 5 MiB': 5,
    'a manifest two million levels deep': 5,
    'schema 1': 6,
  }
  for (const [what, status] of Object.entries(statuses)) {
    const source = crafts[what]?.[0](victim.layout()) ?? ''
    const said = victim.refusal(status, () => victim.shale('pull', source))
    assert.match(said, /^shale: [^\n]+\n/)
    assert.ok(said.length < 600, `${what} makes ${said.length} bytes of message`)
  }
})

test('what is lawful is not refused: an index in an index, four deep, and annotations up to the limit', async () => {
  using victim = usedVictim('vfs', tar('first'))
  const layout = victim.layout()
  const lawful = layout.image([one], padding(4_000_000))
  assert.equal(await victim.attemptFrom(layout.pointingTo(nested(layout, lawful, 4)), { names: [] }), undefined)
})

test('an image is known by its config, not by who brought it: another config with the same layers is another image', async () => {
  using victim = usedVictim('overlay', tar('first'))
  assert.equal(await victim.attempt([one]), undefined)
  const before = victim.shale('images', '--quiet', '--json').stdout
  const layout = victim.layout()
  const other = layout.config([one], { config: { Cmd: ['/pwned'] } })
  assert.equal(
    await victim.attemptFrom(layout.pointingTo(layout.image([one], { config: other })), { names: [] }),
    undefined,
  )
  for (const { id } of JSON.parse(before) as readonly { readonly id: string }[]) {
    assert.doesNotMatch(victim.shale('inspect', id).stdout, /pwned/)
    assert.equal(
      JSON.parse(victim.shale('images', '--json').stdout).some((image: { readonly id: string }) => image.id === id),
      true,
    )
  }
})

test('a directory and a Docker archive with such documents are refused as well', async () => {
  using victim = usedVictim('vfs', tar('first'))
  const directory = join(victim.place.directory, 'flat')
  const layout = victim.layout()
  const manifest = layout.image([one], { manifests: [] })
  mkdirSync(directory)
  for (const name of readdirSync(join(layout.path, 'blobs/sha256'))) {
    copyFileSync(join(layout.path, 'blobs/sha256', name), join(directory, name))
  }
  copyFileSync(layout.fileOf(manifest.digest), join(directory, 'manifest.json'))
  assert.match(
    victim.refusal(5, () => victim.shale('pull', `dir:${directory}`)),
    /both an index/,
  )

  const config = readFileSync(layout.fileOf(layout.config([two]).digest))
  const archives: Readonly<Record<string, readonly [Json, string]>> = {
    'diffIDs of other layers': [{ Config: 'config.json', Layers: ['layer.tar'] }, 'digest-mismatch'],
    'a config outside': [{ Config: '../../../etc/passwd', Layers: ['layer.tar'] }, 'archive-invalid'],
    'a layer outside': [{ Config: 'config.json', Layers: ['/etc/passwd'] }, 'archive-invalid'],
    'fewer layers': [{ Config: 'config.json', Layers: [] }, 'archive-invalid'],
  }
  for (const [what, [entry, code]] of Object.entries(archives)) {
    const path = join(victim.place.directory, `${what.replaceAll(' ', '-')}.tar`)
    const files = [
      rawEntry({ name: 'manifest.json' }, JSON.stringify([{ RepoTags: ['a:b'], ...entry }])),
      rawEntry({ name: 'config.json' }, config.toString('latin1')),
      rawEntry({ name: 'layer.tar' }, one.toString('latin1')),
    ]
    writeFileSync(path, Buffer.concat([...files, end]))
    const failure = await victim.failure(async () => victim.attemptFrom(`docker-archive:${path}`))
    assert.equal(failure.code, code, `${what}: ${JSON.stringify(failure)}`)
  }
})
