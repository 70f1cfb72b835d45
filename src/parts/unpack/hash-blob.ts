import { createHash } from 'node:crypto'

import type { Found, Job } from './crew-job.ts'
import type { RingName, SharedLine } from './shared-line.ts'
import { TarSplitRecording } from './tar-split-recording.ts'

/** Measures the blob and the tar. What is both is hashed once, and the time that this leaves is used to record it. */
export function hashBlob(job: Job, line: SharedLine): Found['hash'] {
  return line.waitForEncoding() === 'plain' ? hashPlain(job, line) : hashBoth(line)
}

function hashPlain(job: Job, line: SharedLine): Found['hash'] {
  using recording = TarSplitRecording.of(job)
  const hash = createHash('sha256')
  let size = 0
  for (const slot of line.slots('blob')) {
    hash.update(slot)
    recording?.push(slot)
    size += slot.byteLength
  }
  recording?.finish()
  const sha256 = hash.digest('hex')
  return { blobSha256: sha256, blobSize: size, tarSha256: sha256, tarSize: size }
}

/** Takes from whichever ring has bytes ready, until both have ended. */
function hashBoth(line: SharedLine): Found['hash'] {
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
  return {
    blobSha256: hashes.blob.digest('hex'),
    blobSize: sizes.blob,
    tarSha256: hashes.tar.digest('hex'),
    tarSize: sizes.tar,
  }
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
