import type { IdRange } from '#model'

/** Ranges that meet an earlier one inside the container or outside of it; touching is not meeting (spec/store §5.7). */
export function conflictingRanges(ranges: readonly IdRange[]): readonly IdRange[] {
  return ranges.filter((range, at) => ranges.slice(0, at).some((earlier) => overlap(range, earlier)))
}

function overlap(a: IdRange, b: IdRange): boolean {
  return meet(a.containerId, a.size, b.containerId, b.size) || meet(a.hostId, a.size, b.hostId, b.size)
}

function meet(a: number, sizeOfA: number, b: number, sizeOfB: number): boolean {
  return a < b + sizeOfB && b < a + sizeOfA
}
