import { readFileSync } from 'node:fs'
import type { Flag, FlagValues } from './flags.ts'

export const metadataFlags: readonly Flag[] = [
  { long: ['metadata'], short: 'm', kind: 'text', usage: 'Metadata' },
  { long: ['metadata-file'], short: 'f', kind: 'text', usage: 'Metadata File' },
]

/** The file beats the text. */
export function metadataOf(flags: FlagValues): string {
  const file = flags.text('metadata-file')
  return file === '' ? flags.text('metadata') : readFileSync(file, 'utf8')
}
