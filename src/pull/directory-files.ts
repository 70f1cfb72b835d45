import { closeSync, constants, fstatSync } from 'node:fs'
import { RootedDirectory } from '#ground/files'
import { Fault, layerPathOfText } from '#model'
import type { FileStretch, NamedFiles } from './named-files.ts'

/**
 * Files of a directory, by relative names, looked up as if it were the root of all files: a layout from somewhere else may link its
 * files to one another, but cannot lead to files that are not its own, nor can one that changes while it is read.
 * Files stay open until this is disposed. @throws ErrnoError when there is no such directory
 */
export function openDirectoryFiles(path: string): NamedFiles {
  const directory = new RootedDirectory(path)
  const stack = new AsyncDisposableStack()
  stack.use(directory)
  return {
    description: path,
    find: (name) => Promise.resolve(find(directory, name, stack)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function find(directory: RootedDirectory, name: string, stack: AsyncDisposableStack): FileStretch | undefined {
  const fd = openFile(directory, name)
  if (fd === undefined) return undefined
  stack.defer(() => closeSync(fd))
  const stats = fstatSync(fd)
  if (!stats.isFile()) {
    throw new Fault({ code: 'archive-invalid', source: directory.path, problem: `${name} is not a regular file` })
  }
  return { kind: 'file', path: `/proc/self/fd/${fd}`, offset: 0, length: stats.size }
}

function openFile(directory: RootedDirectory, name: string): number | undefined {
  try {
    // A FIFO would keep its reader waiting for ever.
    return directory.open(layerPathOfText(name), constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
