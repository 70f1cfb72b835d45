import { createHash } from 'node:crypto'
import { type Digest, parseDigest } from '#model'
import type { BigDataItem } from '#parts/records'

/** Bytes as an item of big data, measured. */
export function bigDataItem(item: {
  readonly key: string
  readonly bytes: Uint8Array
  readonly digest?: Digest | undefined
}): BigDataItem {
  const { key, bytes } = item
  const digest = item.digest ?? parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`)
  return { key, digest, size: bytes.byteLength, content: { kind: 'bytes', bytes } }
}
