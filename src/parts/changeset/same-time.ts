import type { FileTime } from '#ground/sys'

/** Equal, as far as both were kept: a tar, and some file systems, keep whole seconds only. */
export function isSameTime(one: FileTime, other: FileTime): boolean {
  if (one.seconds !== other.seconds) return false
  return one.nanoseconds === other.nanoseconds || one.nanoseconds === 0 || other.nanoseconds === 0
}
