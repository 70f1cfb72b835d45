import { randomUUID } from 'node:crypto'
import { mkdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { syncDirectory, writeFileAtomically } from '#ground/files'
import type { BigDataBytes } from './big-data.ts'
import type { Durability } from './records.ts'

/** A file that is to come to its place once the transaction saves. */
export interface Placement {
  readonly content: BigDataBytes
  /** Host path; its directory is made (0700) where it is missing. */
  readonly path: string
}

/** Brings files to their places; with `full` they are there for good when it returns. Files to be moved have been synced before. */
export function placeFiles(placements: readonly Placement[], durability: Durability): void {
  const directories = new Set<string>()
  for (const { content, path } of placements) {
    const directory = dirname(path)
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    directories.add(dirname(directory))
    if (content.kind === 'file') renameSync(content.path, path)
    else writeBytes(path, content.bytes, durability)
    directories.add(directory)
  }
  if (durability === 'full') for (const directory of directories) syncDirectory(directory)
}

/** The same placements with their bytes in files of `room`: bringing them to their places only renames. `made` collects new directories. */
export function preparedFiles(
  placements: readonly Placement[],
  how: { readonly room: string; readonly made: string[]; readonly durability: Durability },
): readonly Placement[] {
  const prepared: Placement[] = []
  for (const { content, path } of placements) {
    const directory = dirname(path)
    if (mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined) how.made.push(directory)
    const file = join(how.room, `item-${randomUUID()}`)
    if (content.kind === 'bytes') writeBytes(file, content.bytes, how.durability)
    prepared.push({ path, content: content.kind === 'bytes' ? { kind: 'file', path: file } : content })
  }
  return prepared
}

function writeBytes(path: string, bytes: Uint8Array, durability: Durability): void {
  writeFileAtomically(path, bytes, { mode: 0o600, sync: durability === 'full' ? 'full' : 'none' })
}
