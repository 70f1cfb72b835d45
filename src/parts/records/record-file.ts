import { readFileSync, statSync } from 'node:fs'
import { Fault } from '#model'

/** A record file as it was read. `modified` is exact to the nanosecond: other programs tell a change by it. */
export interface RecordFile {
  readonly text: string
  readonly modified: bigint | undefined
}

/** A file that is missing is an empty one. @throws Fault `records-invalid` for what is no file; system errors */
export function readRecordFile(path: string): RecordFile {
  // The time first: if somebody replaced the file in between, the next look at it finds another time and reads again.
  const status = statSync(path, { bigint: true, throwIfNoEntry: false })
  if (status === undefined) return { text: '', modified: undefined }
  // A FIFO would keep us waiting for ever.
  if (!status.isFile()) throw new Fault({ code: 'records-invalid', path, problem: 'is not a regular file' })
  return { text: readFileSync(path, 'utf8'), modified: status.mtimeNs }
}

export function modificationTime(path: string): bigint | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })?.mtimeNs
}
