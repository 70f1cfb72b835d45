/** Text into a field; a NUL ends it if there is room. Longer text is cut, and a slash does not stay as its last byte. */
export function putText(block: Buffer, at: number, length: number, text: string): void {
  block.write(text, at, length, 'latin1')
  if (text.length <= length || block[at + length - 1] !== 0x2f) return
  // Some readers take a header name that ends in a slash for a directory, whatever the records say.
  let end = at + length
  while (end > at && block[end - 1] === 0x2f) end--
  block[end] = 0
}

/** Octal digits, filled up with zeros, and a NUL. What does not fit is written as zero: a record has it then. */
export function putOctal(block: Buffer, at: number, length: number, value: number): void {
  const digits = fitsOctal(value, length) ? value.toString(8) : '0'
  block.write(digits.padStart(length - 1, '0'), at, length, 'latin1')
}

/** Octal if it fits, else base-256 (GNU). */
export function putNumeric(block: Buffer, at: number, length: number, value: number): void {
  if (fitsOctal(value, length)) return putOctal(block, at, length, value)
  let rest = BigInt(value)
  for (let index = at + length - 1; index >= at; index--) {
    block[index] = Number(rest & 0xffn)
    rest >>= 8n
  }
  block[at] = (block[at] ?? 0) | 0x80
}

export function fitsOctal(value: number, length: number): boolean {
  return value >= 0 && value < 2 ** (3 * (length - 1))
}

export function fitsBase256(value: number, length: number): boolean {
  const most = 2 ** (8 * (length - 1))
  return length >= 9 || (value >= -most && value < most)
}
