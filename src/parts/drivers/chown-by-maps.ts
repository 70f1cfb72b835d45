import { readdirSync } from 'node:fs'
import {
  AT_FDCWD,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  fchmodat,
  fchownat,
  fstatat,
  isErrno,
  lgetxattr,
  linkat,
  lsetxattr,
  unlinkat,
  type FileStatus,
} from '#ground/sys'
import { rootOf, toContainer, toHost, type Cancellable, type IdMaps, type IdRange } from '#model'
import type { Owner } from './root-directory.ts'

export interface Remapping {
  readonly from: IdMaps
  readonly to: IdMaps
}

const slash = Buffer.from('/')
const specialBits = 0o6000
const overflowId = 65534
/** Between two looks at the event loop. */
const entriesPerTurn = 1000

/** Whether two maps are the same list of ranges; no list and an empty one are. */
export function areSameMaps(one: IdMaps, other: IdMaps): boolean {
  const text = (maps: IdMaps): string =>
    JSON.stringify([maps.uids ?? [], maps.gids ?? []].map((ranges) => ranges.map(rangeAsNumbers)))
  return text(one) === text(other)
}

function rangeAsNumbers(range: IdRange): readonly number[] {
  return [range.containerId, range.hostId, range.size]
}

/**
 * Gives every file below a directory the owner that it has under other maps (spec/drivers §2.3); the directory itself stays.
 * Hard links stay links where the file system copies a file up to change it. Nobody else may be at work in the tree.
 * @throws Fault `id-unmapped` for an owner that the old maps do not know
 */
export async function chownByMaps(directory: string, maps: Remapping, options: Cancellable = {}): Promise<void> {
  const linked = new Map<string, Buffer>()
  const waiting: Buffer[] = [Buffer.from(directory)]
  let entries = 0
  for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
    for (const name of readdirSync(parent, { encoding: 'buffer' })) {
      if (++entries % entriesPerTurn === 0) await nextTurn(options)
      const path = Buffer.concat([parent, slash, name])
      const status = fstatat(AT_FDCWD, path)
      if ((status.mode & S_IFMT) === S_IFDIR) waiting.push(path)
      rechown(path, status, maps, linked)
    }
  }
}

async function nextTurn(options: Cancellable): Promise<void> {
  options.signal?.throwIfAborted()
  await new Promise((resolve) => setImmediate(resolve))
}

function rechown(path: Buffer, status: FileStatus, maps: Remapping, linked: Map<string, Buffer>): void {
  const isLinked = (status.mode & S_IFMT) !== S_IFDIR && status.links > 1
  const key = `${status.device}:${status.inode}`
  const first = isLinked ? linked.get(key) : undefined
  if (first !== undefined) {
    // What the other name leads to has its new owner by now: mapping it once more would be wrong.
    unlinkat(AT_FDCWD, path)
    linkat(AT_FDCWD, first, AT_FDCWD, path)
    return
  }
  const owner = mapOwner(status, maps)
  if (owner.uid === status.uid && owner.gid === status.gid) return
  if (isLinked) linked.set(key, path)
  changeOwner(path, status, owner)
}

/** The kernel takes setuid bits and capabilities away when the owner changes: they are given back. */
function changeOwner(path: Buffer, status: FileStatus, owner: Owner): void {
  const capability = attributeOrNothing(path, 'security.capability')
  fchownat(AT_FDCWD, path, owner.uid, owner.gid)
  if ((status.mode & S_IFMT) === S_IFLNK) return
  if ((status.mode & specialBits) !== 0) fchmodat(AT_FDCWD, path, status.mode & 0o7777)
  if (capability !== undefined) lsetxattr(path, 'security.capability', capability)
}

function attributeOrNothing(path: Buffer, name: string): Buffer | undefined {
  try {
    return lgetxattr(path, name)
  } catch (error) {
    if (isErrno(error, 'EOPNOTSUPP', 'EOVERFLOW')) return undefined
    throw error
  }
}

function mapOwner(owner: Owner, maps: Remapping): Owner {
  const inside = hasRanges(maps.from) ? toContainerPair(owner, maps.from) : owner
  if (!hasRanges(maps.to)) return inside
  return { uid: toHostOrOverflow(maps.to.uids, inside.uid), gid: toHostOrOverflow(maps.to.gids, inside.gid) }
}

function hasRanges(maps: IdMaps): boolean {
  return (maps.uids ?? []).length > 0 || (maps.gids ?? []).length > 0
}

function toContainerPair(owner: Owner, maps: IdMaps): Owner {
  try {
    return { uid: toContainer(maps.uids, owner.uid), gid: toContainer(maps.gids, owner.gid) }
  } catch (error) {
    // Directories that overlay or the driver made belong to the machine's root.
    if (owner.uid === 0 && owner.gid === 0) return owner
    throw error
  }
}

function toHostOrOverflow(ranges: readonly IdRange[] | undefined, id: number): number {
  if (ranges === undefined || id === rootOf(ranges)) return id
  const known = ranges.some((range) => id >= range.containerId && id < range.containerId + range.size)
  return known ? toHost(ranges, id) : overflowId
}
