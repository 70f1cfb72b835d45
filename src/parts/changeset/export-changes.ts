import { cStringOfLayerPath, fstatat } from '#ground/sys'
import { type LayerPath, cleanLayerPath, layerPath } from '#model'
import { ArchiveWriter, type ExportOptions } from './archive-writer.ts'
import { entryPlace } from './entry-place.ts'
import type { FileChange } from './file-change.ts'
import { OpenDirectories } from './open-directories.ts'
import { openHostDirectory } from './open-top.ts'
import { Turns } from './turns.ts'
import { whiteoutPrefix } from './whiteout-name.ts'

/**
 * A tar of what changes did to a tree (spec/drivers §9.4): the files as they are now, a whiteout for what is gone, in the order of
 * whole paths. Changes are gathered first, files are not. What is left out is told to `onSkip`.
 * @throws Fault `system` if the directory cannot be read, `size-mismatch` if a file becomes shorter meanwhile
 */
export async function* exportChanges(
  directory: string,
  changes: Iterable<FileChange> | AsyncIterable<FileChange>,
  options: ExportOptions = {},
): AsyncGenerator<Uint8Array> {
  const sorted = await inOrder(changes)
  const turns = new Turns(options)
  const writer = new ArchiveWriter(options)
  const now = { seconds: Math.floor(Date.now() / 1000), nanoseconds: 0 }
  using directories = new OpenDirectories(openHostDirectory(directory))
  for (const { kind, path } of sorted) {
    yield* kind === 'delete'
      ? writer.header({ kind: 'file', path: whiteoutOf(path), mode: 0, uid: 0, gid: 0, mtime: now })
      : exportFile(directories, writer, cleanLayerPath(path))
    await turns.over()
  }
  yield* writer.end()
}

function* exportFile(directories: OpenDirectories, writer: ArchiveWriter, path: LayerPath): Generator<Uint8Array> {
  const place = entryPlace(path)
  const name = cStringOfLayerPath(place.name)
  let file
  try {
    const parent = directories.get(place.parent)
    file = { directory: parent.fd, name, status: fstatat(parent.fd, name), path }
  } catch (error) {
    writer.skip(path, error)
    return
  }
  yield* writer.file(file)
}

async function inOrder(changes: Iterable<FileChange> | AsyncIterable<FileChange>): Promise<readonly FileChange[]> {
  const gathered: FileChange[] = []
  for await (const change of changes) gathered.push(change)
  return gathered.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
}

function whiteoutOf(path: LayerPath): LayerPath {
  const clean = cleanLayerPath(path)
  const slash = clean.lastIndexOf('/') + 1
  return layerPath(`${clean.slice(0, slash)}${whiteoutPrefix}${clean.slice(slash)}`)
}
