import { readdirSync, type Dirent } from 'node:fs'
import { isErrno } from '#ground/sys'

/** What lies in a directory; a directory that is not there has nothing in it. */
export function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}
