import type { Digest } from './digest.ts'
import type { ImageId, LayerId } from './ids.ts'
import type { Timestamp } from './timestamp.ts'

/** An image's record (spec/store §2.4). */
export interface Image {
  readonly id: ImageId
  /** Chosen once and kept; `digests` below lists all by which the image is found. */
  readonly digest?: Digest
  readonly names: readonly string[]
  /** Newest first. */
  readonly namesHistory: readonly string[]
  readonly layer?: LayerId
  /** Other top layers: the same content under other id maps. */
  readonly mappedLayers: readonly LayerId[]
  readonly metadata?: string
  readonly bigDataNames: readonly string[]
  readonly bigDataSizes: Readonly<Record<string, number>>
  readonly bigDataDigests: Readonly<Record<string, Digest>>
  readonly created: Timestamp
  readonly flags?: Readonly<Record<string, unknown>>
  readonly unknownFields: Readonly<Record<string, unknown>>
}

/** All digests by which an image is found: its own, then those of every item whose key begins with `manifest` (spec/store §2.4). */
export function digestsOf(image: Image): readonly Digest[] {
  const digests = new Set<Digest>(image.digest === undefined ? [] : [image.digest])
  for (const key of image.bigDataNames) {
    const digest = key.startsWith('manifest') ? image.bigDataDigests[key] : undefined
    if (digest !== undefined) digests.add(digest)
  }
  return [...digests]
}
