import type { Brand } from './brand.ts'
import { Fault } from './failure.ts'

/** RFC 3339, kept to the digit as written: a JavaScript date would lose the nanoseconds and the offset. */
export type Timestamp = string & Brand<'Timestamp'>

const rfc3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?(Z|[+-]\d{2}:\d{2})$/

/** Go's zero time: what a record without `created` reads as. */
export const zeroTimestamp = '0001-01-01T00:00:00Z' as Timestamp

/** Keeps offset and digits; drops trailing zeros of the fraction as Go does. @throws Fault `timestamp-invalid` */
export function parseTimestamp(text: string): Timestamp {
  const match = rfc3339.exec(text)
  if (match === null) throw new Fault({ code: 'timestamp-invalid', text })
  const fraction = (match[2] ?? '').replace(/0+$/, '')
  return `${match[1]}${fraction === '' ? '' : `.${fraction}`}${match[3]}` as Timestamp
}

/** UTC, from nanoseconds since 1970. */
export function timestampOfNanoseconds(nanoseconds: bigint): Timestamp {
  const second = nanoseconds / 1_000_000_000n - (nanoseconds % 1_000_000_000n < 0n ? 1n : 0n)
  const rest = nanoseconds - second * 1_000_000_000n
  const fraction = rest.toString().padStart(9, '0').replace(/0+$/, '')
  const whole = new Date(Number(second) * 1000).toISOString().slice(0, 19)
  return `${whole}${fraction === '' ? '' : `.${fraction}`}Z` as Timestamp
}

export function nanosecondsOfTimestamp(time: Timestamp): bigint {
  const match = rfc3339.exec(time)
  if (match === null) throw new Fault({ code: 'timestamp-invalid', text: time })
  const second = BigInt(Math.round(Date.parse(`${match[1]}${match[3]}`) / 1000))
  return second * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}
