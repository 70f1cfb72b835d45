import {
  AT_REMOVEDIR,
  ErrnoError,
  S_IFDIR,
  S_IFMT,
  cStringOfLayerPath,
  errnoNumber,
  findModeAt,
  fstatat,
  tryUnlinkat,
} from '#ground/sys'
import { type LayerPath, layerPath } from '#model'
import { DirectoryStack } from './directory-stack.ts'
import type { OpenDirectory } from './open-directories.ts'
import type { OwnContents } from './own-content.ts'
import { unlinked } from './remove-tree.ts'

const ENOENT = errnoNumber('ENOENT')
const ENOTEMPTY = errnoNumber('ENOTEMPTY')

/**
 * What an opaque mark says where layers are unpacked onto each other: everything in and below the directory goes that the
 * changeset did not put there itself, before the mark or after it. A lower directory stays if own content lies below it.
 * No directory is looked into twice during a changeset.
 */
export function clearLowerContent(directory: OpenDirectory, contents: OwnContents): void {
  if (contents.of(directory.inode) === 'all') return
  using stack = new DirectoryStack()
  stack.enter(directory.fd, layerPath('.'))
  for (let frame = stack.top; frame !== undefined; frame = stack.top) {
    const name = frame.names.pop()
    if (name !== undefined) {
      if (isWorthEntering(frame.fd, name, contents, frame.inode)) stack.enter(frame.fd, name)
      continue
    }
    contents.claim(frame.inode)
    stack.leave()
    const above = stack.top
    if (above !== undefined && !isOwn(contents, above.inode, frame.name)) removeIfEmpty(above.fd, frame.name)
  }
}

/** Removes what is lower and no directory, and leaves alone what holds nothing lower. */
function isWorthEntering(dirfd: number, name: LayerPath, contents: OwnContents, inode: bigint): boolean {
  const bytes = cStringOfLayerPath(name)
  if (isOwn(contents, inode, name)) {
    const mode = findModeAt(dirfd, bytes)
    return mode !== -1 && (mode & S_IFMT) === S_IFDIR && contents.of(fstatat(dirfd, bytes).inode) !== 'all'
  }
  if (unlinked(dirfd, name)) return false
  if (contents.of(fstatat(dirfd, bytes).inode) !== 'all') return true
  removeIfEmpty(dirfd, name)
  return false
}

function isOwn(contents: OwnContents, inode: bigint, name: LayerPath): boolean {
  const own = contents.of(inode)
  return own === 'all' || own.has(name)
}

function removeIfEmpty(dirfd: number, name: LayerPath): void {
  const bytes = cStringOfLayerPath(name)
  const errno = tryUnlinkat(dirfd, bytes, AT_REMOVEDIR)
  if (errno !== 0 && errno !== ENOENT && errno !== ENOTEMPTY) throw new ErrnoError('rmdir', bytes, errno)
}
