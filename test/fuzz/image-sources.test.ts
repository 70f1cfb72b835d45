// Layouts and archives of images with a few bytes changed: an image or a Fault is fine; another error, a crash or a hang is a bug.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { Fault } from '#model'
import { openImageSource, resolveImage } from '#pull'
import { CraftedImage, digestOf, layer } from '../hostile/crafted-image.ts'

const place = mkdtempSync(join(tmpdir(), 'shale-fuzz-sources-'))
after(() => rmSync(place, { recursive: true }))

function ociArchive(): Buffer {
  using image = new CraftedImage()
  image.index(image.manifest())
  execFileSync('tar', ['-C', image.layout, '--format=pax', '-cf', join(place, 'oci.tar'), '.'])
  return readFileSync(join(place, 'oci.tar'))
}

function dockerArchive(): Buffer {
  const directory = join(place, 'docker')
  mkdirSync(directory)
  const config = JSON.stringify({ os: 'linux', rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } })
  writeFileSync(join(directory, 'c.json'), config)
  writeFileSync(join(directory, 'l.tar'), layer)
  execFileSync('ln', ['-s', 'l.tar', join(directory, 'link.tar')])
  writeFileSync(join(directory, 'manifest.json'), '[{"Config":"c.json","RepoTags":["a:b"],"Layers":["link.tar"]}]')
  execFileSync('tar', ['-C', directory, '--format=gnu', '-cf', join(place, 'docker.tar'), '.'])
  return readFileSync(join(place, 'docker.tar'))
}

async function tried(source: string): Promise<void> {
  try {
    await using opened = await openImageSource(source)
    await resolveImage(opened)
  } catch (error) {
    assert.ok(error instanceof Fault, `${source}: ${String(error)}`)
  }
}

for (const [transport, archive] of [
  ['oci-archive', ociArchive()],
  ['docker-archive', dockerArchive()],
] as const) {
  test(`${transport} with some bytes changed, or cut`, async () => {
    const file = join(place, `fuzzed-${transport}`)
    // The places where something stands: a change of padding tells nobody anything.
    const places = [...archive.keys()].filter((at) => archive[at] !== 0)
    const change = fc.tuple(
      fc.nat(places.length - 1),
      fc.oneof(fc.nat(255), fc.constantFrom(0, 0x22, 0x2f, 0x30, 0x37, 0xff)),
    )
    const cut = fc.oneof(
      { weight: 4, arbitrary: fc.constant(archive.length) },
      { weight: 1, arbitrary: fc.nat(archive.length) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 6 }), cut, async (changes, length) => {
        const bytes = Buffer.from(archive)
        for (const [at, value] of changes) bytes[places[at] ?? 0] = value
        writeFileSync(file, bytes.subarray(0, length))
        await tried(`${transport}:${file}`)
      }),
      { numRuns: 250 },
    )
  })
}
