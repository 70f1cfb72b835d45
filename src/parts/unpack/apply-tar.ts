import { TarParser, type TarSink } from '#formats/tar'
import { ChangesetApplier } from '#parts/changeset'
import { Census } from './census.ts'
import type { Found, Job } from './crew-job.ts'
import { checkUncompressedBytes, withDefaults } from './limits.ts'
import type { SharedLine } from './shared-line.ts'

/** Of what was tolerated, so many sentences are kept. */
const mostWarnings = 100

/** Reads the tar off the line to its end, applies it below the target. */
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
  const parser = new TarParser(applying, limits)
  const [ring, other] = encoding === 'plain' ? (['blob', 'tar'] as const) : (['tar', 'blob'] as const)
  line.leave(other)
  for (const slot of line.slots(ring)) {
    checkUncompressedBytes(limits, parser.offset + slot.byteLength)
    parser.push(slot)
    line.countUnpacked(parser.offset, census.entries)
  }
  parser.end()
  applier.finish()
  const { uids, gids, entries, headerBytes } = census
  return { uids, gids, entries, headerBytes, warnings }
}
