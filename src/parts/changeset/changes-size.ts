import { type FileStatus, cStringOfLayerPath, findStatusAt } from '#ground/sys'
import type { Cancellable } from '#model'
import { entryPlace } from './entry-place.ts'
import type { FileChange } from './file-change.ts'
import { isDirectory } from './file-type.ts'
import { OpenDirectories } from './open-directories.ts'
import { openHostDirectory } from './open-top.ts'
import { Turns } from './turns.ts'

/**
 * Bytes of the files that changes added or modified, each inode once (spec/drivers §9.5). Files that are gone by now count
 * nothing. @throws Fault `system` if there is no such directory
 */
export async function changesSize(
  directory: string,
  changes: Iterable<FileChange> | AsyncIterable<FileChange>,
  options: Cancellable = {},
): Promise<number> {
  const turns = new Turns(options)
  const linked = new Set<bigint>()
  using directories = new OpenDirectories(openHostDirectory(directory))
  let bytes = 0
  for await (const change of changes) {
    if (change.kind === 'delete') continue
    const status = statusOf(directories, change)
    if (status === undefined || isDirectory(status.mode) || linked.has(status.inode)) continue
    if (status.links > 1) linked.add(status.inode)
    bytes += status.size
    await turns.over()
  }
  return bytes
}

function statusOf(directories: OpenDirectories, change: FileChange): FileStatus | undefined {
  const place = entryPlace(change.path)
  const parent = directories.find(place.parent)
  return typeof parent === 'number' ? undefined : findStatusAt(parent.fd, cStringOfLayerPath(place.name))
}
