import type { Descriptor } from './descriptor.ts'

/** What a manifest may weigh (registries refuse more than 4 MiB as well); known before anything is parsed. */
export const manifestSizeLimit = 4 << 20

/** One image: its config and its layers, bottom first. */
export interface ImageManifest {
  readonly kind: 'image'
  readonly format: 'oci' | 'docker'
  readonly mediaType: string
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
  readonly annotations?: Readonly<Record<string, string>>
}

/** Several images, one for each platform: an OCI index or a Docker manifest list. */
export interface ImageIndex {
  readonly kind: 'index'
  readonly format: 'oci' | 'docker'
  readonly mediaType: string
  readonly manifests: readonly Descriptor[]
  readonly annotations?: Readonly<Record<string, string>>
}

export type Manifest = ImageManifest | ImageIndex
