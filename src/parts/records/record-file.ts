import { readFileSync, statSync } from 'node:fs'

/** A record file as it was read. `modified` is exact to the nanosecond: other programs tell a change by it. */
export interface RecordFile {
  readonly text: string
  readonly modified: bigint | undefined
}

/** A file that is missing is an empty one. @throws system errors */
export function readRecordFile(path: string): RecordFile {
  // The time first: if somebody replaced the file in between, the next look at it finds another time and reads again.
  const modified = modificationTime(path)
  return modified === undefined ? { text: '', modified } : { text: readFileSync(path, 'utf8'), modified }
}

export function modificationTime(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.mtimeNs
}
