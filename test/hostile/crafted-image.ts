import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault, isFault } from '#model'
import { openStore, pullImage } from '../../src/index.ts'
import { end, rawEntry } from './raw-tar.ts'

export const manifestType = 'application/vnd.oci.image.manifest.v1+json'
export const indexType = 'application/vnd.oci.image.index.v1+json'
export const configType = 'application/vnd.oci.image.config.v1+json'
export const layerType = 'application/vnd.oci.image.layer.v1.tar'

/** A tar of one file. */
export const layer = Buffer.concat([rawEntry({ name: 'file' }, 'content'), end])

export function digestOf(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** An OCI layout beside an empty store, made by an attacker; removed when disposed. */
export class CraftedImage implements Disposable {
  readonly place = mkdtempSync(join(tmpdir(), 'shale-crafted-'))
  readonly layout = join(this.place, 'layout')

  constructor() {
    mkdirSync(join(this.layout, 'blobs/sha256'), { recursive: true })
    writeFileSync(join(this.layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  }

  blob(mediaType: string, content: unknown) {
    const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content))
    writeFileSync(this.fileOf(digestOf(bytes)), bytes)
    return { mediaType, digest: digestOf(bytes), size: bytes.byteLength }
  }

  fileOf(digest: string): string {
    return join(this.layout, 'blobs/sha256', digest.slice('sha256:'.length))
  }

  config(more: object = {}) {
    const rootfs = { type: 'layers', diff_ids: [digestOf(layer)] }
    return this.blob(configType, { os: 'linux', architecture: 'amd64', rootfs, ...more })
  }

  /** An honest manifest, but for what is given. */
  manifest(more: object = {}) {
    const honest = {
      schemaVersion: 2,
      mediaType: manifestType,
      config: this.config(),
      layers: [this.blob(layerType, layer)],
    }
    return this.blob(manifestType, { ...honest, ...more })
  }

  index(...manifests: readonly object[]): void {
    writeFileSync(join(this.layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
  }

  async pull(source = `oci:${this.layout}`) {
    const [graphRoot, runRoot] = [join(this.place, 'graph'), join(this.place, 'run')]
    await using store = await openStore({ graphRoot, runRoot, driver: 'vfs', durability: 'none' })
    return await pullImage(store, source, { names: ['crafted'] })
  }

  /** Pulls, is refused with a Fault, and finds the store without layers and images, also without staged ones. */
  async refused(source?: string): Promise<Fault> {
    const error = await this.pull(source).then(
      () => assert.fail('the pull was accepted'),
      (reason: unknown) => reason,
    )
    assert.ok(error instanceof Fault, String(error))
    for (const records of ['vfs-layers/layers.json', 'vfs-images/images.json']) {
      const file = join(this.place, 'graph', records)
      if (existsSync(file)) assert.ok(['', '[]', 'null'].includes(readFileSync(file, 'utf8').trim()), records)
    }
    const layers = join(this.place, 'graph/vfs/dir')
    assert.deepEqual(existsSync(layers) ? readdirSync(layers) : [], [])
    assert.ok(!isFault(error, 'system'))
    return error
  }

  [Symbol.dispose](): void {
    rmSync(this.place, { recursive: true })
  }
}
