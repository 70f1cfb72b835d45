import type { Cancellable, Descriptor } from '#model'
import type { BlobBytes } from '#parts/unpack'

/** A manifest or index as its bytes stand: digests are of these. */
export interface RawManifest {
  readonly bytes: Uint8Array
  /** What the place it comes from says it is. */
  readonly mediaType?: string
}

/**
 * A place with images, opened at one of them. Nothing that it gives is trusted: whoever takes bytes compares the digest.
 * Blobs stay readable until it is disposed.
 */
export interface ImageSource extends AsyncDisposable {
  /** As a person wrote it: `oci:./debian:latest`. */
  readonly description: string
  /** Names in full that the image has there: `localhost/debian:latest`. */
  readonly names: readonly string[]
  /** Of the image, or the index of several. */
  manifest(options?: Cancellable): Promise<RawManifest>
  /** What an index names. @throws Fault `archive-invalid` when it is not there */
  manifestOf(entry: Descriptor, options?: Cancellable): Promise<RawManifest>
  /** A config or a layer. @throws Fault `archive-invalid` when it is not there */
  blob(wanted: Descriptor, options?: Cancellable): Promise<BlobBytes>
}
