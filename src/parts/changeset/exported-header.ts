import type { TarEntryKind, TarHeader } from '#formats/tar'
import {
  type FileStatus,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  pathBelow,
  readlinkat,
} from '#ground/sys'
import { Fault, type IdMaps, type LayerPath, isFault, layerPath, layerPathOfBytes, toContainer } from '#model'
import { attributesOf } from './attributes-of.ts'
import { isWhiteout } from './file-type.ts'

const kinds: Readonly<Record<number, TarEntryKind>> = {
  [S_IFREG]: 'file',
  [S_IFDIR]: 'directory',
  [S_IFLNK]: 'symlink',
  [S_IFCHR]: 'char-device',
  [S_IFBLK]: 'block-device',
  [S_IFIFO]: 'fifo',
}

/** A file as it lies in a directory, and the name that it gets in the archive: a directory's has no `/` at its end yet. */
export interface ExportedFile {
  readonly directory: number
  readonly name: Uint8Array
  readonly status: FileStatus
  readonly path: LayerPath
}

/**
 * What an archive says of a file (spec/drivers §7.3): numeric owners only, whole seconds, and of the attributes those that
 * belong to the container. @throws Fault `unsupported` for a socket, `id-unmapped`; ErrnoError
 */
export function exportedHeader(file: ExportedFile, maps: IdMaps): TarHeader {
  const { status } = file
  const kind = kinds[status.mode & S_IFMT]
  if (kind === undefined) throw new Fault({ code: 'unsupported', what: 'a socket', by: 'tar' })
  const device = kind === 'char-device' || kind === 'block-device' ? status.specialDevice : 0
  return {
    kind,
    path: kind === 'directory' ? layerPath(`${file.path}/`) : file.path,
    linkPath: kind === 'symlink' ? layerPathOfBytes(readlinkat(file.directory, file.name)) : layerPath(''),
    size: kind === 'file' ? status.size : 0,
    mode: status.mode & 0o7777,
    ...ownerIn(file, maps),
    mtime: { seconds: status.modified.seconds, nanoseconds: 0 },
    deviceMajor: Math.floor(device / 0x100) & 0xfff,
    deviceMinor: (device & 0xff) | (Math.floor(device / 0x1000) & 0xf_ff00),
    xattrs: attributesOf(pathBelow(file.directory, file.name), isExported),
  }
}

// A whiteout was made by whoever mounted the layer. Its owner says nothing, and without it a deletion would be lost.
function ownerIn({ status, path }: ExportedFile, maps: IdMaps): { readonly uid: number; readonly gid: number } {
  if (path.slice(path.lastIndexOf('/') + 1).startsWith('.wh.')) return { uid: status.uid, gid: status.gid }
  try {
    return { uid: toContainer(maps.uids, status.uid), gid: toContainer(maps.gids, status.gid) }
  } catch (error) {
    if (isFault(error, 'id-unmapped') && isWhiteout(status)) return { uid: status.uid, gid: status.gid }
    throw error
  }
}

function isExported(name: string): boolean {
  if (name.startsWith('user.overlay.')) return false
  return name === 'security.capability' || name === 'security.ima' || name.startsWith('user.')
}
