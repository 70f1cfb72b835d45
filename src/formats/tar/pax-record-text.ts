import type { TarTime } from './entry.ts'

/** `<length> <key>=<value>\n`, where the length counts itself. */
export function paxRecordText(key: string, value: string): string {
  const rest = key.length + value.length + 3
  let length = rest + String(rest).length
  // Counting its own digits may have made it one digit longer.
  if (String(length).length !== String(rest).length) length = rest + String(length).length
  return `${length} ${key}=${value}\n`
}

/** Seconds, and the fraction without its trailing zeros. */
export function paxTimeText({ seconds, nanoseconds }: TarTime): string {
  if (nanoseconds === 0) return String(seconds)
  const isBefore = seconds < 0
  const whole = isBefore ? -(seconds + 1) : seconds
  const fraction = isBefore ? 1e9 - nanoseconds : nanoseconds
  return `${isBefore ? '-' : ''}${whole}.${String(fraction).padStart(9, '0')}`.replace(/0+$/, '')
}
