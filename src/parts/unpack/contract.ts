import type { ByteStream } from '#ground/bytes'
import type { BlobDigest, Cancellable, Compression, DiffId } from '#model'
import type { ApplyTarget } from '#parts/changeset'

/** Bytes of a blob: a file (or a part of one) is read by the working thread itself; a stream is fed to it with back-pressure. */
export type BlobBytes =
  | { readonly kind: 'file'; readonly path: string; readonly offset?: number; readonly length?: number }
  | { readonly kind: 'stream'; readonly bytes: ByteStream; readonly size?: number }

/** Defaults are in `limits.ts` and in docs/on-disk.md. A limit that is met throws Fault `limit-exceeded`. */
export interface UnpackLimits {
  readonly uncompressedBytes: number
  readonly entries: number
  readonly pathDepth: number
  readonly pathBytes: number
  readonly xattrBytes: number
  /** Uncompressed bytes per compressed byte, looked at after the first 64 MiB. */
  readonly compressionRatio: number
}

export interface UnpackOptions extends Cancellable {
  readonly limits?: Partial<UnpackLimits>
  /** Where the tar-split goes (gzip of JSON lines); absent: none is recorded. Created exclusively, 0600. */
  readonly tarSplitPath?: string
  readonly onProgress?: (progress: UnpackProgress) => void
}

export interface UnpackProgress {
  /** Bytes of the blob taken in, and of the tar written out. */
  readonly read: number
  readonly unpacked: number
  readonly entries: number
}

/** What was seen in passing: all that a layer's record says of its content (spec/store §5.4, spec/drivers §11.6). */
export interface Unpacked {
  readonly compression: Compression
  readonly blobDigest: BlobDigest
  readonly blobSize: number
  readonly diffId: DiffId
  readonly diffSize: number
  /** Sorted; whiteouts not counted. */
  readonly uids: readonly number[]
  readonly gids: readonly number[]
  readonly entries: number
  /** Sum of header sizes of all entries: what Go's UnpackLayer returns. */
  readonly headerBytes: number
  /** What was tolerated, such as an attribute the file system cannot keep: a sentence each, the first hundred. */
  readonly warnings: readonly string[]
}

export type Unpack = (blob: BlobBytes, target: ApplyTarget, options?: UnpackOptions) => Promise<Unpacked>
