import { S_IFDIR, S_IFMT, cStringOfLayerPath, findStatusAt, isErrno } from '#ground/sys'
import type { Cancellable, LayerPath } from '#model'
import type { DirectoryStack } from './directory-stack.ts'
import { openTop } from './open-top.ts'
import { Turns } from './turns.ts'

export interface DirectoryUsage {
  /** Sizes of all that are no directories, every inode once. Not what they take up: sparse files count in full. */
  readonly bytes: number
  /** With the directories, and the top one. */
  readonly inodes: number
}

/** How large a tree is (spec/drivers §14.3). What vanishes meanwhile does not count. @throws Fault `system` if there is no such directory */
export async function directoryUsage(directory: string, options: Cancellable = {}): Promise<DirectoryUsage> {
  const turns = new Turns(options)
  const linked = new Set<bigint>()
  let bytes = 0
  let inodes = 1
  using stack = openTop(directory)
  for (let frame = stack.top; frame !== undefined; frame = stack.top) {
    const name = frame.names.pop()
    if (name === undefined) {
      stack.leave()
      continue
    }
    const status = findStatusAt(frame.fd, cStringOfLayerPath(name))
    if (status === undefined || linked.has(status.inode)) continue
    inodes++
    if ((status.mode & S_IFMT) === S_IFDIR) enterIfThere(stack, frame.fd, name)
    else {
      if (status.links > 1) linked.add(status.inode)
      bytes += status.size
    }
    await turns.over()
  }
  return { bytes, inodes }
}

function enterIfThere(stack: DirectoryStack, dirfd: number, name: LayerPath): void {
  try {
    stack.enter(dirfd, name)
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error
  }
}
