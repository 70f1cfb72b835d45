import type { TarEntry, TarTime } from '#formats/tar'

export interface EntryTimes {
  readonly access: TarTime
  readonly modification: TarTime
}

const epoch: TarTime = { seconds: 0, nanoseconds: 0 }

/** Times of what an entry makes: never accessed before it was modified (spec/drivers §8.2). */
export function timesOf(entry: TarEntry): EntryTimes {
  const modification = clamped(entry.mtime)
  return { access: entry.atime === undefined ? modification : clamped(later(entry.atime, entry.mtime)), modification }
}

/** The same of a symlink: there the original does not clamp, but lets nanoseconds wrap around 64 bits. */
export function symlinkTimesOf(entry: TarEntry): EntryTimes {
  const modification = wrapped(entry.mtime)
  return { access: entry.atime === undefined ? modification : wrapped(later(entry.atime, entry.mtime)), modification }
}

/** What directories get when all else is done: straight from the header, where no access time means 1970. */
export function directoryTimesOf(entry: TarEntry): EntryTimes {
  return { access: entry.atime === undefined ? epoch : clamped(entry.atime), modification: clamped(entry.mtime) }
}

function later(a: TarTime, b: TarTime): TarTime {
  if (a.seconds !== b.seconds) return a.seconds > b.seconds ? a : b
  return a.nanoseconds >= b.nanoseconds ? a : b
}

// 2^63 - 1 nanoseconds, the last time of Go's 64-bit clock: in April of 2262.
function clamped(time: TarTime): TarTime {
  if (time.seconds >= 0 && time.seconds < 9_223_372_036) return time
  if (time.seconds === 9_223_372_036 && time.nanoseconds <= 854_775_807) return time
  return epoch
}

function wrapped(time: TarTime): TarTime {
  if (Math.abs(time.seconds) < 9_223_372_036) return time
  const nanoseconds = BigInt.asIntN(64, BigInt(Math.trunc(time.seconds)) * 1_000_000_000n + BigInt(time.nanoseconds))
  const rest = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n
  return { seconds: Number((nanoseconds - rest) / 1_000_000_000n), nanoseconds: Number(rest) }
}
