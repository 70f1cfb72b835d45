import { rmSync } from 'node:fs'
import { recoverStaleDirs, TempDir } from '#ground/files'
import type { Removal } from './carry-out.ts'

/** Takes files and directories out of sight at once; their bytes go with `finish`. What is not there is no error. */
export interface Trash extends Removal {
  take(path: string): void
  /** A directory for files that are on their way in; what is left of them goes too. */
  room(): string
}

/** In a temporary directory of its own below `root`: if this process dies, the next writer empties it. */
export function openTrash(root: string): Trash {
  let directory: TempDir | undefined
  return {
    room: () => (directory ??= TempDir.create(root)).path,
    take(path) {
      directory ??= TempDir.create(root)
      try {
        directory.stageDeletion(path)
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error
        // The run root is another file system as a rule, and what lies there is small.
        rmSync(path, { recursive: true, force: true })
      }
    },
    async finish() {
      await directory?.cleanup()
    },
  }
}

/** Empties what dead processes left in these roots. @throws the first failure, after all have been tried */
export async function recoverTempRoots(roots: readonly string[]): Promise<void> {
  const failures: unknown[] = []
  for (const root of roots) {
    try {
      await recoverStaleDirs(root)
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures)
}
