import { hash } from 'node:crypto'
import { type Digest, parseDigest } from '#model'

export type DigestAlgorithm = 'sha256' | 'sha384' | 'sha512'

export function digestOfBytes(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return parseDigest(`${algorithm}:${hash(algorithm, bytes, 'hex')}`)
}
