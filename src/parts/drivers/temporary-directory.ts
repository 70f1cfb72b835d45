import { mkdirSync } from 'node:fs'
import { TempDir } from '#ground/files'

/** Runs `body` with a new, empty directory below `root`, which is removed afterwards: by the next writer if this process dies. */
export async function withTemporaryDirectory<T>(root: string, body: (directory: string) => T | Promise<T>): Promise<T> {
  await using temp = TempDir.create(root)
  const { path } = temp.stageAddition()
  mkdirSync(path, { mode: 0o700 })
  return await body(path)
}
