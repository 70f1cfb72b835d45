import type { Compression } from '#model'

/** How many leading bytes `detectCompression` looks at. More do no harm, fewer match nothing that they cannot prove. */
export const detectionBytes = 10

const magics: readonly { readonly compression: Compression; readonly magic: readonly number[] }[] = [
  { compression: 'bzip2', magic: [0x42, 0x5a, 0x68] },
  { compression: 'gzip', magic: [0x1f, 0x8b, 0x08] },
  { compression: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
  { compression: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd] },
]

/**
 * Which codec a blob was written with, by its first bytes (spec/drivers §10). Never fails: what is not known is a plain tar.
 *
 * A leading zstd skippable frame (`5? 2A 4D 18`) is not taken for zstd, just as the Go tools do not take it: those four bytes
 * are also a lawful beginning of a tar entry's name, and one blob must not mean different things to two readers of one store.
 */
export function detectCompression(firstBytes: Uint8Array): Compression {
  const match = magics.find(({ magic }) => magic.every((byte, at) => firstBytes[at] === byte))
  return match?.compression ?? 'uncompressed'
}
