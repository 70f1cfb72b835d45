import { FieldInvalid } from './invalid.ts'

/**
 * A number of a header field: octal text, or base-256 if the first bit is set (GNU), then perhaps negative.
 * Values beyond 2^53 keep their magnitude, not their last digits: see `exactSize` for where that matters.
 */
export function parseNumericField(block: Uint8Array, from: number, length: number): number {
  const first = block[from] ?? 0
  return (first & 0x80) === 0 ? parseOctalField(block, from, length) : parseBase256Field(block, from, length)
}

/** Octal digits, with blanks and NULs before and after them; empty is zero; what follows a NUL inside is not read. */
export function parseOctalField(block: Uint8Array, from: number, length: number): number {
  let at = from
  const end = from + length
  while (at < end && isBlank(block[at])) at++
  let value = 0
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - 0x30
    if (digit < 0 || digit > 7) break
    value = value * 8 + digit
  }
  if (at < end && block[at] !== 0) refuseUnlessBlank(block, at, end)
  return value
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0
}

/** Blanks may only end the field: `12 3` is not a number, `12 \0` is one. */
function refuseUnlessBlank(block: Uint8Array, from: number, end: number): void {
  for (let at = from; at < end; at++) if (!isBlank(block[at])) throw new FieldInvalid()
}

/** Two's complement, big-endian, the first bit being the mark; at most 63 bits of magnitude. */
function parseBase256Field(block: Uint8Array, from: number, length: number): number {
  const negative = ((block[from] ?? 0) & 0x40) !== 0
  const flip = negative ? 0xff : 0
  let value = 0n
  for (let at = from; at < from + length; at++) {
    const byte = ((block[at] ?? 0) ^ flip) & (at === from ? 0x7f : 0xff)
    value = (value << 8n) | BigInt(byte)
  }
  if (value >= 1n << 63n) throw new FieldInvalid()
  return Number(negative ? -value - 1n : value)
}

/** A size that positions depend on: refused if a double cannot hold it, which no real archive comes near. */
export function exactSize(size: number): number {
  if (!Number.isSafeInteger(size)) throw new FieldInvalid()
  return size
}

const decimal = /^[+-]?[0-9]+$/
const int64 = 1n << 63n

/** A decimal 64-bit integer as PAX records spell it. Beyond 2^53 it keeps its magnitude only. */
export function parseDecimal(text: string): number {
  if (!decimal.test(text)) throw new FieldInvalid()
  if (text.length < 16) return Number(text) + 0 // no negative zero
  return parseLongDecimal(text)
}

function parseLongDecimal(text: string): number {
  const negative = text.startsWith('-')
  const digits = text.replace(/^[+-]?0*/, '')
  if (digits.length > 19) throw new FieldInvalid()
  const value = BigInt(digits === '' ? '0' : digits)
  if (value >= int64 && !(negative && value === int64)) throw new FieldInvalid()
  return Number(negative ? -value : value)
}
