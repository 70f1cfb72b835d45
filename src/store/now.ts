import { type Timestamp, timestampOfNanoseconds } from '#model'

/** The time of day, as finely as this runtime knows it. */
export function now(): Timestamp {
  const microseconds = Math.round((performance.timeOrigin + performance.now()) * 1000)
  return timestampOfNanoseconds(BigInt(microseconds) * 1000n)
}
