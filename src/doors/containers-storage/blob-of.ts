import { openSync, closeSync } from 'node:fs'
import type { BlobBytes } from '#parts/unpack'
import type { FlagValues } from './flags.ts'

/** The file that `--file` names, else standard input. @throws the system's error when the file cannot be read */
export function blobOf(flags: FlagValues): BlobBytes {
  const path = flags.text('file')
  if (path === '') return { kind: 'stream', bytes: process.stdin }
  closeSync(openSync(path, 'r'))
  return { kind: 'file', path }
}
