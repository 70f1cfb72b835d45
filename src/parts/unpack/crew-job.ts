import type { Compression } from '#model'
import type { ApplyTarget } from '#parts/changeset'
import type { UnpackLimits } from './contract.ts'
import type { ErrorParcel } from './error-parcel.ts'

/** A stretch of a regular file that the source thread reads itself; `fed` comes from the thread of the caller. */
export type JobBlob =
  | { readonly kind: 'file'; readonly path: string; readonly offset: number; readonly length?: number }
  | { readonly kind: 'fed' }

/** What every thread of a crew is told at the beginning of an unpacking: the only message to it. Plain data. */
export interface Job {
  readonly blob: JobBlob
  readonly target: ApplyTarget
  readonly limits: Partial<UnpackLimits>
  readonly tarSplitPath?: string
}

/** What each thread found out. */
export interface Found {
  readonly source: { readonly compression: Compression }
  readonly record: {
    readonly blobSha256: string
    readonly blobSize: number
    readonly tarSha256: string
    readonly tarSize: number
  }
  readonly apply: {
    readonly uids: readonly number[]
    readonly gids: readonly number[]
    readonly entries: number
    readonly headerBytes: number
    readonly warnings: readonly string[]
  }
}

/** The only message of a thread about an unpacking; after it, the thread touches nothing. */
export type Reply<Role extends keyof Found> =
  | { readonly kind: 'done'; readonly found: Found[Role] }
  /** Somebody else stopped the line. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly error: ErrorParcel }
