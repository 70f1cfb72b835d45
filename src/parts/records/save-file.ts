import { dirname } from 'node:path'
import { syncDirectory, writeFileAtomically } from '#ground/files'
import type { Durability } from './records.ts'

/**
 * `intermediate`: layers.json while some rows are marked incomplete. `final`: what an operation promises. `volatile`: what need not
 * outlive the machine's next boot, such as mount counts.
 */
export type SaveStep = 'intermediate' | 'final' | 'volatile'

/** Replaces a record file: readers see the old text or the new. Returns its time of modification. */
export type SaveFile = (path: string, text: string, step: SaveStep) => bigint

/**
 * With `full` every step is on the disk before the next begins. With `none` the order of steps is left to the file system, and the
 * final text alone is synced before it gets its name, as the original does it: after a power cut the file is old or new, never torn.
 */
export function savingFiles(durability: Durability): SaveFile {
  return (path, text, step) => {
    const sync = step === 'final' || (step === 'intermediate' && durability === 'full') ? 'full' : 'none'
    const modified = writeFileAtomically(path, Buffer.from(text), { mode: 0o600, sync })
    if (durability === 'full' && step !== 'volatile') syncDirectory(dirname(path))
    return modified
  }
}
