import { AT_FDCWD, ErrnoError, O_DIRECTORY, O_RDONLY, openat } from '#ground/sys'
import { Fault, layerPath } from '#model'
import { DirectoryStack } from './directory-stack.ts'

/** Begins a walk at a directory of the host. @throws Fault `system` */
export function openTop(directory: string): DirectoryStack {
  const stack = new DirectoryStack()
  stack.push(layerPath(''), openHostDirectory(directory))
  return stack
}

/** @throws Fault `system` */
export function openHostDirectory(directory: string): number {
  try {
    return openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY)
  } catch (error) {
    if (!(error instanceof ErrnoError)) throw error
    throw new Fault({ code: 'system', call: error.call, path: directory, errno: error.code }, { cause: error })
  }
}
