import type { Found } from './crew-job.ts'
import type { RingName, SharedLine } from './shared-line.ts'

import { createHash } from 'node:crypto'

/** Measures the blob and the tar, whichever has bytes ready, until both have ended. What is both is hashed once. */
export function hashBlob(line: SharedLine): Found['hash'] {
  const hashes = { tar: createHash('sha256'), blob: createHash('sha256') }
  const sizes = { tar: 0, blob: 0 }
  const open = new Set<RingName>(['tar', 'blob'])
  while (open.size > 0) {
    const { ring, slot } = line.wait(() => firstReady(line, open))
    if (slot === 'end') {
      open.delete(ring)
      continue
    }
    hashes[ring].update(slot)
    sizes[ring] += slot.byteLength
    line.release(ring)
  }
  const blobSha256 = hashes.blob.digest('hex')
  return line.encoding === 'plain'
    ? { blobSha256, blobSize: sizes.blob, tarSha256: blobSha256, tarSize: sizes.blob }
    : { blobSha256, blobSize: sizes.blob, tarSha256: hashes.tar.digest('hex'), tarSize: sizes.tar }
}

function firstReady(
  line: SharedLine,
  rings: Iterable<RingName>,
): { readonly ring: RingName; readonly slot: Uint8Array | 'end' } | undefined {
  for (const ring of rings) {
    const slot = line.next(ring)
    if (slot !== undefined) return { ring, slot }
  }
  return undefined
}
