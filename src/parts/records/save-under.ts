import type { ExclusiveLock } from '#ground/files'
import type { FileSaver, Save, SaveStep } from './save-file.ts'

/**
 * Saves a table under its lock. The token goes before the file: a crash in between costs others a needless reading, not a missed one
 * (spec/store §3.2).
 */
export type SaveUnder = (lock: ExclusiveLock) => void

/** The text's way into the file, prepared if there is a room for it. */
export function saving(
  files: FileSaver,
  what: { readonly path: string; readonly text: string; readonly step: SaveStep; readonly room: string | undefined },
): Save {
  const { path, text, step, room } = what
  return room === undefined ? () => files.save(path, text, step) : files.prepare(path, text, step, room)
}
