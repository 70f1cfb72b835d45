import { type IdMaps, type IdRange, rootOf, toContainer, toHost } from '#model'
import type { Owner } from './ownership.ts'

export interface Remapping {
  readonly from: IdMaps
  readonly to: IdMaps
}

/** What the kernel shows for owners that it cannot name. */
const overflowId = 65534

/** The owner under the new maps of a file that has this one under the old (spec/drivers §2.3). @throws Fault `id-unmapped` */
export function remappedOwner(owner: Owner, { from, to }: Remapping): Owner {
  const inside = hasRanges(from) ? insideOf(owner, from) : owner
  if (!hasRanges(to)) return inside
  return { uid: hostOrOverflow(to.uids, inside.uid), gid: hostOrOverflow(to.gids, inside.gid) }
}

function hasRanges(maps: IdMaps): boolean {
  return (maps.uids ?? []).length > 0 || (maps.gids ?? []).length > 0
}

function insideOf(owner: Owner, maps: IdMaps): Owner {
  // Directories that a driver or the kernel made for itself belong to the machine's root.
  if (owner.uid === 0 && owner.gid === 0 && !(isMapped(maps.uids, 0) && isMapped(maps.gids, 0))) return owner
  return { uid: toContainer(maps.uids, owner.uid), gid: toContainer(maps.gids, owner.gid) }
}

function isMapped(ranges: readonly IdRange[] | undefined, hostId: number): boolean {
  return ranges === undefined || ranges.some((range) => hostId >= range.hostId && hostId < range.hostId + range.size)
}

function hostOrOverflow(ranges: readonly IdRange[] | undefined, id: number): number {
  if (ranges === undefined || isHostOfRoot(ranges, id)) return id
  return isInside(ranges, id) ? toHost(ranges, id) : overflowId
}

// An id that is the root's on the host already stays what it is.
function isHostOfRoot(ranges: readonly IdRange[], id: number): boolean {
  const hasRoot = isInside(ranges, 0) || (ranges.length === 1 && ranges[0]?.size === 1)
  return hasRoot && id === rootOf(ranges)
}

function isInside(ranges: readonly IdRange[], id: number): boolean {
  return ranges.some((range) => id >= range.containerId && id < range.containerId + range.size)
}
