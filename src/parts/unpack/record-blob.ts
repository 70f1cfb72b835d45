import { createHash } from 'node:crypto'
import type { Found, Job } from './crew-job.ts'
import type { RingName, SharedLine } from './shared-line.ts'
import { TarSplitRecording } from './tar-split-recording.ts'

/** Takes down what a blob is: digests and sizes of it and of the tar that is in it, and how to make this tar again. */
export function recordBlob(job: Job, line: SharedLine): Found['record'] {
  using recording = TarSplitRecording.of(job)
  const encoding = line.waitForEncoding()
  const tarRing = encoding === 'plain' ? 'blob' : 'tar'
  const hashes = { tar: createHash('sha256'), blob: createHash('sha256') }
  const sizes = { tar: 0, blob: 0 }
  for (const { ring, slot } of slotsOf(line, encoding === 'plain' ? ['blob'] : ['tar', 'blob'])) {
    hashes[ring].update(slot)
    sizes[ring] += slot.byteLength
    if (ring === tarRing) recording?.push(slot)
  }
  recording?.finish()
  const digests = { tar: hashes.tar.digest('hex'), blob: hashes.blob.digest('hex') }
  return {
    blobSha256: digests.blob,
    blobSize: sizes.blob,
    tarSha256: digests[tarRing],
    tarSize: sizes[tarRing],
  }
}

/** Slots of whichever ring has one ready, until all have ended; each is valid until the next is asked for. */
function* slotsOf(
  line: SharedLine,
  rings: readonly RingName[],
): Generator<{ readonly ring: RingName; readonly slot: Uint8Array }> {
  const open = new Set(rings)
  while (open.size > 0) {
    const { ring, slot } = line.wait(() => firstReady(line, open))
    if (slot === 'end') {
      open.delete(ring)
      continue
    }
    yield { ring, slot }
    line.release(ring)
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
