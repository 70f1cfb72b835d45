// A digest becomes a path: one that is none may not (CVE-2024-3727).
import assert from 'node:assert/strict'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CraftedImage, layerType, manifestType } from './crafted-image.ts'

const paths = [
  '../../../../etc/passwd',
  'sha256:../../secret',
  'sha256:..',
  'sha256:',
  `sha256:${'A'.repeat(64)}`,
  'sha256:a/b',
  '',
]

test('in an index, a manifest and a config no digest that is a path gets as far as the file system', async () => {
  for (const digest of paths) {
    using image = new CraftedImage()
    writeFileSync(join(image.layout, 'secret'), '{}')
    const cases: readonly (() => void)[] = [
      () => image.index({ mediaType: manifestType, digest, size: 2 }),
      () => image.index(image.manifest({ config: { ...image.config(), digest } })),
      () => image.index(image.manifest({ layers: [{ mediaType: layerType, digest, size: 2 }] })),
      () => image.index(image.manifest({ config: image.config({ rootfs: { type: 'layers', diff_ids: [digest] } }) })),
    ]
    for (const craft of cases) {
      craft()
      const { failure } = await image.refused()
      assert.equal(failure.code, 'manifest-invalid', `${digest}: ${JSON.stringify(failure)}`)
    }
    assert.deepEqual(
      readdirSync(image.place).filter((name) => !['graph', 'layout', 'run'].includes(name)),
      [],
    )
  }
})

test('names in a Docker archive are names in that archive', async () => {
  const { execFileSync } = await import('node:child_process')
  for (const name of ['/etc/passwd', '../../../../../../../../etc/passwd', '/proc/self/environ', 'link']) {
    using image = new CraftedImage()
    const archive = join(image.place, 'archive.tar')
    writeFileSync(join(image.layout, 'manifest.json'), JSON.stringify([{ Config: name, Layers: [name] }]))
    execFileSync('ln', ['-s', '/etc/passwd', join(image.layout, 'link')])
    execFileSync('tar', ['-C', image.layout, '-cf', archive, '.'])
    assert.match((await image.refused(`docker-archive:${archive}`)).message, /is missing/)
    assert.ok(!existsSync(join(image.place, 'etc')))
  }
})
