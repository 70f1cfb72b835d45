/** CRC-32 with the polynomial 04c11db7, most significant bit first: zlib's turned round. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24
  for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ (crc < 0 ? 0x04c1_1db7 : 0)
  return crc
})

/** Continues a CRC that began with `bzip2CrcStart`; its final value is the complement. */
export function continueBzip2Crc(crc: number, bytes: Uint8Array): number {
  let value = crc
  for (let at = 0; at < bytes.length; at += 1) {
    value = (value << 8) ^ (table[(value >>> 24) ^ (bytes[at] ?? 0)] ?? 0)
  }
  return value
}

export const bzip2CrcStart = -1
