import { readdir } from 'node:fs/promises'
import { Fault } from '#model'

/** What is in a directory; undefined if there is none. @throws Fault `destination-in-use` when it is something else */
export async function namesIn(path: string): Promise<readonly string[] | undefined> {
  try {
    return await readdir(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') return undefined
    if (code === 'ENOTDIR')
      throw new Fault({ code: 'destination-in-use', path, problem: 'it is not a directory' }, { cause: error })
    throw error
  }
}
