import { join } from 'node:path'
import { TempDir } from '#ground/files'
import { pathsOf } from './paths.ts'
import type { Store } from './store.ts'

/** A directory for files that are to be moved into the store. After a crash the next writer removes it. */
export interface StagingRoom extends AsyncDisposable {
  /** Of a file that does not exist yet. */
  path(name: string): string
}

export async function openStagingRoom(store: Store): Promise<StagingRoom> {
  const directory = TempDir.create(pathsOf(store).tempRoot)
  return {
    path: (name) => join(directory.path, name),
    [Symbol.asyncDispose]: async () => directory.cleanup(),
  }
}
