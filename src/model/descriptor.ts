import type { BlobDigest } from './digest.ts'
import type { Platform } from './platform.ts'

/** Points at a blob: what it is, its digest, its size (OCI image-spec, "Content Descriptors"). */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: BlobDigest
  readonly size: number
  readonly annotations?: Readonly<Record<string, string>>
  /** In an index: what the image is for. */
  readonly platform?: Platform
}
