import type { IdMaps, IdRange } from '#model'

/** Whether two maps are the same list of ranges; no list and an empty one are. */
export function areSameMaps(one: IdMaps, other: IdMaps): boolean {
  const text = (maps: IdMaps): string =>
    JSON.stringify([maps.uids ?? [], maps.gids ?? []].map((ranges) => ranges.map(rangeAsNumbers)))
  return text(one) === text(other)
}

function rangeAsNumbers(range: IdRange): readonly number[] {
  return [range.containerId, range.hostId, range.size]
}
