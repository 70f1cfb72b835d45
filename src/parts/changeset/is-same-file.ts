import { type FileStatus, S_IFLNK, S_IFMT, cStringOfLayerPath, pathBelow, readlinkat } from '#ground/sys'
import { type IdMaps, type LayerPath, isFault, toContainer } from '#model'
import { attributesOf } from './attributes-of.ts'
import { isSameTime } from './same-time.ts'

/** A file in one of two trees that are compared. */
export interface ComparedFile {
  readonly directory: number
  readonly name: LayerPath
  readonly status: FileStatus
  /** By which its owner was mapped to the host. */
  readonly maps: IdMaps
}

/** Whether a file is what it was, as far as it shows without reading it (spec/drivers §9.1). */
export function isSameFile(now: ComparedFile, before: ComparedFile): boolean {
  const [one, other] = [now.status, before.status]
  return (
    one.mode === other.mode &&
    one.specialDevice === other.specialDevice &&
    // The original tests one bit, which directories share with sockets and block devices. Of a directory neither says anything:
    // its entries are compared themselves.
    ((other.mode & 0o040000) !== 0 || (isSameTime(one.modified, other.modified) && one.size === other.size)) &&
    isSameOwner(now, before) &&
    haveSameTarget(now, before) &&
    haveSameAttributes(now, before)
  )
}

function isSameOwner(now: ComparedFile, before: ComparedFile): boolean {
  const mapped = containerOwner(now)
  const owner = mapped ?? now.status
  const former = (mapped === undefined ? undefined : containerOwner(before)) ?? before.status
  return owner.uid === former.uid && owner.gid === former.gid
}

function containerOwner({ status, maps }: ComparedFile): { readonly uid: number; readonly gid: number } | undefined {
  try {
    return { uid: toContainer(maps.uids, status.uid), gid: toContainer(maps.gids, status.gid) }
  } catch (error) {
    if (isFault(error, 'id-unmapped')) return undefined
    throw error
  }
}

function haveSameTarget(now: ComparedFile, before: ComparedFile): boolean {
  return (now.status.mode & S_IFMT) !== S_IFLNK || targetOf(now).equals(targetOf(before))
}

function targetOf({ directory, name }: ComparedFile): Buffer {
  return readlinkat(directory, cStringOfLayerPath(name))
}

function haveSameAttributes(now: ComparedFile, before: ComparedFile): boolean {
  const [ones, others] = [comparedAttributes(now), comparedAttributes(before)]
  if (ones.size !== others.size) return false
  return [...ones].every(([name, value]) => others.get(name)?.equals(value) === true)
}

function comparedAttributes({ directory, name }: ComparedFile): Map<string, Buffer> {
  const isCompared = (attribute: string): boolean =>
    attribute === 'security.capability' || attribute.startsWith('user.')
  return attributesOf(pathBelow(directory, cStringOfLayerPath(name)), isCompared)
}
