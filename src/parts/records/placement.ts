import { mkdirSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
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
    if (mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined) directories.add(dirname(directory))
    if (content.kind === 'file') renameSync(content.path, path)
    else writeFileAtomically(path, content.bytes, { mode: 0o600, sync: durability === 'full' ? 'full' : 'none' })
    directories.add(directory)
  }
  if (durability === 'full') for (const directory of directories) syncDirectory(directory)
}
