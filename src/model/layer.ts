import type { BlobDigest, DiffId, TocDigest } from './digest.ts'
import type { IdRange } from './id-map.ts'
import type { LayerId } from './ids.ts'
import type { Timestamp } from './timestamp.ts'

export type Compression = 'uncompressed' | 'bzip2' | 'gzip' | 'xz' | 'zstd'

/** A layer's record (spec/store §2.2). Read-only data: a change is a new record. Optional fields are absent, never empty. */
export interface Layer {
  readonly id: LayerId
  readonly names: readonly string[]
  readonly parent?: LayerId
  readonly metadata?: string
  readonly mountLabel?: string
  readonly created: Timestamp
  /** Of the blob as it was given. */
  readonly compressedDigest?: BlobDigest
  readonly compressedSize?: number
  readonly diffId?: DiffId
  readonly tocDigest?: TocDigest
  /** Bytes of the uncompressed tar. Meaningful only beside `diffId`; beside `tocDigest` alone it may be -1. */
  readonly diffSize?: number
  readonly compression: Compression
  readonly uids?: readonly number[]
  readonly gids?: readonly number[]
  readonly flags?: Readonly<Record<string, unknown>>
  readonly uidMap?: readonly IdRange[]
  readonly gidMap?: readonly IdRange[]
  readonly bigDataNames: readonly string[]
  /** Fields of newer programs, written back as they were read. */
  readonly unknownFields: Readonly<Record<string, unknown>>
}

export type LayerContent =
  | { readonly kind: 'none' }
  | { readonly kind: 'by-diff-id'; readonly diffId: DiffId; readonly diffSize: number; readonly tocDigest?: TocDigest }
  | { readonly kind: 'by-toc'; readonly tocDigest: TocDigest; readonly diffSize?: number }

/** What is known of a layer's content, told apart by how it is known. */
export function contentOf(layer: Layer): LayerContent {
  const toc = layer.tocDigest === undefined ? {} : { tocDigest: layer.tocDigest }
  if (layer.diffId !== undefined)
    return { kind: 'by-diff-id', diffId: layer.diffId, diffSize: layer.diffSize ?? 0, ...toc }
  if (layer.tocDigest === undefined) return { kind: 'none' }
  const size = layer.diffSize === undefined || layer.diffSize < 0 ? {} : { diffSize: layer.diffSize }
  return { kind: 'by-toc', tocDigest: layer.tocDigest, ...size }
}
