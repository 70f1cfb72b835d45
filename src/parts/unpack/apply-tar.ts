import { Census } from './census.ts'
import type { Found, Job } from './crew-job.ts'
import { checkUncompressedBytes, withDefaults } from './limits.ts'
import type { RingName, SharedLine } from './shared-line.ts'
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
  using tarSplit = job.tarSplitPath === undefined ? undefined : new TarSplitFile(job.tarSplitPath)
  const parser = new TarParser(tarSplit === undefined ? applying : fanOut(tarSplit.sink, applying), limits)
  const ring = tarRing(line)
  for (let slot = line.wait(() => line.next(ring)); slot !== 'end'; slot = line.wait(() => line.next(ring))) {
    checkUncompressedBytes(limits, parser.offset + slot.byteLength)
    parser.push(slot)
    line.release(ring)
    line.countUnpacked(parser.offset, census.entries)
  }
  parser.end()
  applier.finish()
  tarSplit?.finish()
  const { uids, gids, entries, headerBytes } = census
  return { uids, gids, entries, headerBytes, warnings }
}

/** Where the tar comes along: a blob that is not compressed is the tar itself. */
function tarRing(line: SharedLine): RingName {
  const encoding = line.wait(() => (line.encoding === 'unknown' ? undefined : line.encoding))
  const [ring, other] = encoding === 'plain' ? (['blob', 'tar'] as const) : (['tar', 'blob'] as const)
  line.leave(other)
  return ring
}
