import type { ByteStream, Measurement } from '#ground/bytes'
import { type BlobDigest, type Cancellable, parseBlobDigest } from '#model'
import type { SavedManifest } from './saved-manifest.ts'
import type { StoredImage } from './stored-image.ts'

export interface BlobIdentity {
  readonly digest: BlobDigest
  readonly size: number
}

export interface PutBlobOptions extends Cancellable {
  /** What the blob would be without compression. */
  readonly plain: BlobIdentity
}

/**
 * A place that an image is written to. Nothing is seen there before `finish`; disposing without it leaves nothing behind.
 * Blobs may be put several at a time.
 */
export interface ImageDestination extends AsyncDisposable {
  /** Kinds of manifests that may lie there. */
  readonly formats: 'oci' | 'any'
  /** How many blobs it takes at once, if it cannot take any number. */
  readonly concurrency?: number
  /** Writes a blob and says what it was. @throws what the stream throws; ErrnoException */
  putBlob(bytes: ByteStream, options: PutBlobOptions): Promise<BlobIdentity>
  /** Adds manifest and names, makes all durable if asked to, and shows it. @throws Fault `destination-in-use`; ErrnoException */
  finish(image: StoredImage, manifest: SavedManifest): Promise<void>
}

/** What was measured of bytes that are a blob now. */
export function blobIdentity({ digest, size }: Measurement): BlobIdentity {
  return { digest: parseBlobDigest(digest), size }
}
