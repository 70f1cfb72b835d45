import type { IdMaps, IdRange } from '#model'
import type { Driver } from '#parts/drivers'
import { defined } from './defined.ts'

/** What a caller asks for: maps, none at all, or (absent) those of what lies below. */
export type WantedMaps = IdMaps | 'host' | undefined

interface Mapped {
  readonly uidMap?: readonly IdRange[]
  readonly gidMap?: readonly IdRange[]
}

export function mapsOf(record: Mapped): IdMaps {
  return defined({ uids: record.uidMap, gids: record.gidMap })
}

export function mapFields(maps: IdMaps): Mapped {
  return defined({ uidMap: nonEmpty(maps.uids), gidMap: nonEmpty(maps.gids) })
}

/** The maps a new layer is stored with (spec/store §5.4): a driver that shifts owners when mounting stores none. */
export function storedMaps(driver: Pick<Driver, 'supportsShifting'>, wanted: WantedMaps, below: Mapped): IdMaps {
  if (wanted === 'host') return {}
  const maps = wanted ?? mapsOf(below)
  return isMapped(maps) && driver.supportsShifting(maps) ? {} : maps
}

export function isMapped(maps: IdMaps): boolean {
  return nonEmpty(maps.uids) !== undefined || nonEmpty(maps.gids) !== undefined
}

/** Entry by entry; no list is an empty list (spec/store §6.5). */
export function sameMaps(a: IdMaps, b: IdMaps): boolean {
  return sameRanges(a.uids ?? [], b.uids ?? []) && sameRanges(a.gids ?? [], b.gids ?? [])
}

function sameRanges(a: readonly IdRange[], b: readonly IdRange[]): boolean {
  return a.length === b.length && a.every((range, at) => sameRange(range, b[at]))
}

function sameRange(a: IdRange, b: IdRange | undefined): boolean {
  return a.containerId === b?.containerId && a.hostId === b.hostId && a.size === b.size
}

function nonEmpty(ranges: readonly IdRange[] | undefined): readonly IdRange[] | undefined {
  return ranges === undefined || ranges.length === 0 ? undefined : ranges
}
