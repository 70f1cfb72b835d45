import { renameSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { syncDirectory, writeFileAtomically } from '#ground/files'
import type { Durability } from './records.ts'

/**
 * `intermediate`: layers.json while some rows are marked incomplete. `final`: what an operation promises. `volatile`: what need not
 * outlive the machine's next boot, such as mount counts.
 */
export type SaveStep = 'intermediate' | 'final' | 'volatile'

/** Replaces a record file: readers see the old text or the new. Returns its time of modification. */
export type Save = () => bigint

/** How record files are saved: at once or, where several files change together, prepared first and put in place later. */
export interface FileSaver {
  save(path: string, text: string, step: SaveStep): bigint
  /**
   * Writes the text into `room`, a directory on the same file system: a full disk shows now, while nothing has been changed. What is
   * returned only renames.
   */
  prepare(path: string, text: string, step: SaveStep, room: string): Save
}

/**
 * With `full` every step is on the disk before the next begins. With `none` the order of steps is left to the file system, and the
 * final text alone is synced before it gets its name, as the original does it: after a power cut the file is old or new, never torn.
 */
export function savingFiles(durability: Durability): FileSaver {
  const write = (path: string, text: string, step: SaveStep): bigint => {
    const sync = step === 'final' || (step === 'intermediate' && durability === 'full') ? 'full' : 'none'
    return writeFileAtomically(path, Buffer.from(text), { mode: 0o600, sync })
  }
  const settle = (path: string, step: SaveStep): void => {
    if (durability === 'full' && step !== 'volatile') syncDirectory(dirname(path))
  }
  return {
    save(path, text, step) {
      const modified = write(path, text, step)
      settle(path, step)
      return modified
    },
    prepare(path, text, step, room) {
      const prepared = join(room, basename(path))
      const modified = write(prepared, text, step)
      return () => {
        renameSync(prepared, path)
        settle(path, step)
        return modified
      }
    },
  }
}
