import { Fault } from './failure.ts'

/** One range: `size` ids from `containerId` on in the container are those from `hostId` on outside (user_namespaces(7)). */
export interface IdRange {
  readonly containerId: number
  readonly hostId: number
  readonly size: number
}

/** Absent means identity. An empty list maps nothing: keep the two apart (spec/store §6.1). */
export interface IdMaps {
  readonly uids?: readonly IdRange[]
  readonly gids?: readonly IdRange[]
}

export const identity: IdMaps = {}

/** @throws Fault `id-unmapped` */
export function toHost(ranges: readonly IdRange[] | undefined, id: number): number {
  if (ranges === undefined) return id
  const range = ranges.find((r) => id >= r.containerId && id < r.containerId + r.size)
  if (range === undefined) throw new Fault({ code: 'id-unmapped', side: 'container', id })
  return range.hostId + (id - range.containerId)
}

/** @throws Fault `id-unmapped` */
export function toContainer(ranges: readonly IdRange[] | undefined, id: number): number {
  if (ranges === undefined) return id
  const range = ranges.find((r) => id >= r.hostId && id < r.hostId + r.size)
  if (range === undefined) throw new Fault({ code: 'id-unmapped', side: 'host', id })
  return range.containerId + (id - range.hostId)
}

/** The host's id of the container's root. A list of one range of one id stands for that id, whatever it is called inside. */
export function rootOf(ranges: readonly IdRange[] | undefined): number {
  const [only] = ranges ?? []
  if (only !== undefined && ranges?.length === 1 && only.size === 1) return only.hostId
  return toHost(ranges, 0)
}
