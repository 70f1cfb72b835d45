/** The polynomial of ECMA-182, reflected, in two words. */
const polynomialLow = 0xd787_0f42
const polynomialHigh = 0xc96c_5795

let tables: { readonly low: Uint32Array; readonly high: Uint32Array } | undefined

/** CRC-64 as xz uses it. (That of tar-split has another polynomial.) */
export class Crc64 {
  #low = -1
  #high = -1

  update(bytes: Uint8Array): void {
    const { low: lowTable, high: highTable } = (tables ??= makeTables())
    let [low, high] = [this.#low, this.#high]
    for (let at = 0; at < bytes.length; at += 1) {
      const index = (low ^ (bytes[at] ?? 0)) & 0xff
      low = ((low >>> 8) | (high << 24)) ^ (lowTable[index] ?? 0)
      high = (high >>> 8) ^ (highTable[index] ?? 0)
    }
    this.#low = low
    this.#high = high
  }

  /** The CRC so far, its low word first. */
  words(): readonly [number, number] {
    return [~this.#low >>> 0, ~this.#high >>> 0]
  }
}

function makeTables(): { readonly low: Uint32Array; readonly high: Uint32Array } {
  const lowTable = new Uint32Array(256)
  const highTable = new Uint32Array(256)
  for (let byte = 0; byte < 256; byte += 1) {
    let [low, high] = [byte, 0]
    for (let bit = 0; bit < 8; bit += 1) {
      const odd = (low & 1) === 1
      low = (low >>> 1) | (high << 31)
      high >>>= 1
      if (odd) {
        low ^= polynomialLow
        high ^= polynomialHigh
      }
    }
    lowTable[byte] = low
    highTable[byte] = high
  }
  return { low: lowTable, high: highTable }
}
