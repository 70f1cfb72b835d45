import { type Digest, parseDigest } from '#model'

export type DigestAlgorithm = 'sha256' | 'sha384' | 'sha512'

/** The digest of bytes that are all there. */
export function digestOfBytes(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  // Loading crypto takes longer than most commands run: not before it is needed.
  const { hash } = process.getBuiltinModule('node:crypto')
  return parseDigest(`${algorithm}:${hash(algorithm, bytes, 'hex')}`)
}
