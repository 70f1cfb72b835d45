import { type LayerPath, layerPath } from '#model'
import type { FileChange } from './file-change.ts'

/** A directory on the way down to a change. */
export interface ReportedDirectory {
  /** Relative; empty for the root, which is never reported. */
  readonly path: LayerPath
  isReported: boolean
}

/** A directory is a part of the changes if something in it is: its owner and mode have to be known to whoever applies them. */
export function* reportUnreported(way: readonly ReportedDirectory[]): Generator<FileChange> {
  for (const directory of way) {
    if (directory.isReported) continue
    directory.isReported = true
    yield { kind: 'modify', path: layerPath(`/${directory.path}`) }
  }
}
