import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  gzipLayer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const

export interface Descriptor {
  readonly mediaType?: string
  readonly digest: string
  readonly size: number
}

export type Json = Readonly<Record<string, unknown>>

export const digestOf = (bytes: string | Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** A layout whose blobs, manifests and index are put there by hand, right or wrong. Nothing of ours writes it. */
export class HostileLayout {
  readonly path: string
  readonly source: string

  constructor(path: string) {
    this.path = path
    this.source = `oci:${path}`
    mkdirSync(join(path, 'blobs/sha256'), { recursive: true })
    writeFileSync(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
  }

  add(mediaType: string, content: Uint8Array | string | Json): Descriptor {
    const bytes =
      content instanceof Uint8Array
        ? content
        : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
    const digest = digestOf(bytes)
    writeFileSync(this.fileOf(digest), bytes)
    return { mediaType, digest, size: bytes.byteLength }
  }

  fileOf(digest: string): string {
    return join(this.path, 'blobs/sha256', digest.slice('sha256:'.length))
  }

  /** The config of an image of these uncompressed layers, with fields put in place of its own. */
  config(tars: readonly Uint8Array[], fields: Json = {}): Descriptor {
    const rootfs = { type: 'layers', diff_ids: tars.map(digestOf) }
    const architecture = process.arch === 'x64' ? 'amd64' : process.arch
    return this.add(mediaTypes.config, { architecture, os: 'linux', config: {}, rootfs, ...fields })
  }

  /** An honest image of these uncompressed layers, with fields of the manifest put in place of its own. */
  image(tars: readonly Uint8Array[], fields: Json = {}): Descriptor {
    return this.add(mediaTypes.manifest, {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: this.config(tars),
      layers: tars.map((tar) => this.add(mediaTypes.layer, tar)),
      ...fields,
    })
  }

  /** Writes index.json and gives what `shale pull` is told. */
  pointingTo(...manifests: readonly (Descriptor | Json)[]): string {
    writeFileSync(join(this.path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }))
    return this.source
  }
}
