import { AT_REMOVEDIR, ErrnoError, cStringOfLayerPath, errnoNumber, tryUnlinkat, unlinkat } from '#ground/sys'
import type { LayerPath } from '#model'
import { DirectoryStack } from './directory-stack.ts'

const ENOENT = errnoNumber('ENOENT')
const EISDIR = errnoNumber('EISDIR')
const EPERM = errnoNumber('EPERM')

/** Removes a name and all below it, entering no symlink. What is not there is no error. @throws ErrnoError */
export function removeTree(dirfd: number, name: LayerPath): void {
  if (unlinked(dirfd, name)) return
  using stack = new DirectoryStack()
  stack.enter(dirfd, name)
  for (let directory = stack.top; directory !== undefined; directory = stack.top) {
    const next = directory.names.pop()
    if (next === undefined) {
      stack.leave()
      unlinkat(stack.top?.fd ?? dirfd, cStringOfLayerPath(directory.name), AT_REMOVEDIR)
    } else if (!unlinked(directory.fd, next)) {
      stack.enter(directory.fd, next)
    }
  }
}

/** Whether the name is gone; false for a directory. @throws ErrnoError */
export function unlinked(dirfd: number, name: LayerPath): boolean {
  const bytes = cStringOfLayerPath(name)
  const errno = tryUnlinkat(dirfd, bytes)
  if (errno === 0 || errno === ENOENT) return true
  // POSIX answers EPERM for a directory. Where it means that the file is immutable, entering it fails with ENOTDIR.
  if (errno === EISDIR || errno === EPERM) return false
  throw new ErrnoError('unlink', bytes, errno)
}
