import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes of everything in a tree that is no directory, each inode once. What is not there is nothing. */
export async function treeSize(path: string): Promise<number> {
  return await sizeBelow(path, new Set())
}

async function sizeBelow(path: string, seen: Set<string>): Promise<number> {
  let size = 0
  for (const entry of await entriesOf(path)) {
    const entryPath = join(path, entry.name)
    if (entry.isDirectory()) {
      size += await sizeBelow(entryPath, seen)
      continue
    }
    const status = await lstat(entryPath, { bigint: true }).catch(whatIsGone)
    if (status === undefined) continue
    const inode = `${status.dev}:${status.ino}`
    if (!seen.has(inode)) size += Number(status.size)
    seen.add(inode)
  }
  return size
}

async function entriesOf(path: string): ReturnType<typeof readDirectory> {
  return (await readDirectory(path).catch(whatIsGone)) ?? []
}

async function readDirectory(path: string) {
  return await readdir(path, { withFileTypes: true })
}

/** Files come and go while they are counted. */
function whatIsGone(error: unknown): undefined {
  if (!(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))) throw error
}
