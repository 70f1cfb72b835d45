import { Fault } from '#model'
import type { FileChange } from '#parts/changeset'

/** What a layer changes. */
export class OverlayDiffs {
  changes(): AsyncIterable<FileChange> {
    throw new Fault({ code: 'unsupported', what: 'changes', by: 'overlay' })
  }

  diff(): AsyncIterable<Uint8Array> {
    throw new Fault({ code: 'unsupported', what: 'diff', by: 'overlay' })
  }

  size(): Promise<number> {
    throw new Fault({ code: 'unsupported', what: 'diffSize', by: 'overlay' })
  }
}
