import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { lockFile } from '#ground/files'
import type { WholeStore } from './list-all.ts'
import { pathsOf } from './paths.ts'
import type { Store } from './store.ts'
import { treeSize } from './tree-size.ts'

/** Something on disk that no record knows and no process holds. */
export interface Leftover {
  readonly path: string
  readonly bytes: number
}

const randomId = /^[0-9a-f]{64}$/
const tarSplit = /^([0-9a-f]{64})\.tar-split\.gz$/

/** Temporary directories of dead processes, and content of layers, images and containers that are not recorded. */
export async function findLeftovers(store: Store, whole: WholeStore): Promise<readonly Leftover[]> {
  const paths = pathsOf(store)
  const layers = new Set<string>(whole.layers.map(({ id }) => id))
  const images = new Set<string>(whole.images.map(({ id }) => id))
  const containers = new Set<string>(whole.containers.map(({ id }) => id))
  const found = [
    ...(await temporaryDirectories([paths.tempRoot, ...store.driver.tempRoots])),
    ...(await unknownIn(paths.layers, (name) => orphanLayerFile(name, layers))),
    ...(await unknownIn(paths.images, (name) => randomId.test(name) && !images.has(name))),
    ...(await unknownIn(paths.containers, (name) => randomId.test(name) && !containers.has(name))),
  ]
  const leftovers: Leftover[] = []
  for (const path of found) leftovers.push({ path, bytes: await treeSize(path) })
  for await (const id of store.driver.list()) {
    if (layers.has(id)) continue
    leftovers.push({ path: join(store.driver.home, id), bytes: (await store.driver.diskUsage(id)).bytes })
  }
  return leftovers
}

function orphanLayerFile(name: string, layers: ReadonlySet<string>): boolean {
  const id = tarSplit.exec(name)?.[1] ?? name
  return randomId.test(id) && !layers.has(id)
}

async function unknownIn(directory: string, isUnknown: (name: string) => boolean): Promise<readonly string[]> {
  return (await namesIn(directory)).filter(isUnknown).map((name) => join(directory, name))
}

async function temporaryDirectories(roots: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const root of roots) {
    for (const path of await unknownIn(root, (name) => name.startsWith('temp-dir-'))) {
      if (!isHeld(path)) found.push(path)
    }
  }
  return found
}

/** A living process keeps the lock beside its directory. */
function isHeld(path: string): boolean {
  const lock = join(dirname(path), basename(path).replace('temp-dir-', 'lock-'))
  using free = lockFile(lock, 'read-only').tryLock('shared')
  return free === undefined
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
