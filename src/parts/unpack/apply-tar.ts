import { Census } from './census.ts'
import type { Found, Job } from './crew-job.ts'
import { checkUncompressedBytes, withDefaults } from './limits.ts'
import type { SharedLine } from './shared-line.ts'
import { TarSplitFile } from './tar-split-file.ts'

import { fanOut, TarParser, type TarSink } from '#formats/tar'
import { ChangesetApplier } from '#parts/changeset'

/** Of what was tolerated, so many sentences are kept. */
const mostWarnings = 100

/** Reads the tar off the line to its end, applies it below the target and records how to make the same tar again. */
export function applyTar(job: Job, line: SharedLine): Found['apply'] {
  const warnings: string[] = []
  using applier = new ChangesetApplier(job.target, {
    onWarning: (text) => {
      if (warnings.length < mostWarnings) warnings.push(text)
    },
  })
  const census = new Census()
  const applying: TarSink = {
    entry(entry) {
      census.count(entry)
      applier.entry(entry)
    },
    body: (bytes) => applier.body(bytes),
    entryEnd: () => applier.entryEnd(),
  }
  const limits = withDefaults(job.limits)
  const encoding = line.waitForEncoding()
  // Of an uncompressed blob it is recorded where it is hashed.
  const isRecorded = encoding === 'compressed' && job.tarSplitPath !== undefined
  using tarSplit = isRecorded ? new TarSplitFile(job.tarSplitPath) : undefined
  const parser = new TarParser(tarSplit === undefined ? applying : fanOut(tarSplit.sink, applying), limits)
  const [ring, other] = encoding === 'plain' ? (['blob', 'tar'] as const) : (['tar', 'blob'] as const)
  line.leave(other)
  for (const slot of line.slots(ring)) {
    checkUncompressedBytes(limits, parser.offset + slot.byteLength)
    parser.push(slot)
    line.countUnpacked(parser.offset, census.entries)
  }
  parser.end()
  applier.finish()
  tarSplit?.finish()
  const { uids, gids, entries, headerBytes } = census
  return { uids, gids, entries, headerBytes, warnings }
}
