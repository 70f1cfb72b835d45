import type { Digest } from '#model'

/** Bytes for an item of big data: given whole, or as a file that is moved into place (on the store's file system). */
export type BigDataBytes =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly path: string }

/** An item to be kept beside a record, measured beforehand. Layers record neither digest nor size. */
export interface BigDataItem {
  readonly key: string
  readonly content: BigDataBytes
  readonly size: number
  readonly digest: Digest
}
