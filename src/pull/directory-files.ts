import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Fault } from '#model'
import type { FileStretch, NamedFiles } from './named-files.ts'

/**
 * Files of a directory, by relative names. Every part of a name is opened below the one before, and none may be a symlink: a
 * layout from somewhere else cannot lead to files that are not its own, nor can one that changes while it is read.
 * Files stay open until this is disposed. @throws ErrnoException when there is no such directory
 */
export async function openDirectoryFiles(path: string): Promise<NamedFiles> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await open(path, constants.O_RDONLY | constants.O_DIRECTORY))
  const kept = stack.move()
  return {
    description: path,
    find: async (name) => {
      const file = await openBelow(directory, { path, name })
      if (file === undefined) return undefined
      kept.use(file)
      return await wholeFile(file, { path, name })
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

interface Wanted {
  /** Of the directory. */
  readonly path: string
  readonly name: string
}

async function openBelow(directory: FileHandle, wanted: Wanted): Promise<FileHandle | undefined> {
  const parts = wanted.name.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..')) throw escapes(wanted)
  const last = parts.pop() ?? ''
  await using stack = new AsyncDisposableStack()
  let current = directory
  for (const part of parts) {
    const next = await openPart(current, part, constants.O_DIRECTORY, wanted)
    if (next === undefined) return undefined
    current = stack.use(next)
  }
  // A FIFO would keep its reader waiting for ever.
  return await openPart(current, last, constants.O_NONBLOCK, wanted)
}

async function openPart(
  directory: FileHandle,
  part: string,
  flags: number,
  wanted: Wanted,
): Promise<FileHandle | undefined> {
  try {
    return await open(`/proc/self/fd/${directory.fd}/${part}`, constants.O_RDONLY | constants.O_NOFOLLOW | flags)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT') return undefined
    // A directory that is a symlink is no directory to the kernel when it is not to be followed.
    if (code === 'ELOOP' || code === 'ENOTDIR') throw escapes(wanted, error)
    throw error
  }
}

function escapes({ path, name }: Wanted, cause?: unknown): Fault {
  return new Fault({ code: 'path-escapes-root', root: path, path: name }, { cause })
}

async function wholeFile(file: FileHandle, { path, name }: Wanted): Promise<FileStretch> {
  const stats = await file.stat()
  if (!stats.isFile())
    throw new Fault({ code: 'archive-invalid', source: path, problem: `${name} is not a regular file` })
  return { kind: 'file', path: `/proc/self/fd/${file.fd}`, offset: 0, length: stats.size }
}
