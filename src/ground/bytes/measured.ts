import { type Digest, parseDigest } from '#model'
import type { ByteStream } from './byte-stream.ts'
import type { DigestAlgorithm } from './digest-of-bytes.ts'

export interface Measurement {
  readonly digest: Digest
  readonly size: number
}

/** The same bytes, measured in passing. */
export interface MeasuredStream extends ByteStream {
  /** Of all bytes. @throws TypeError before the stream has been read to its end: half a measurement is none */
  measurement(): Measurement
  /** How many bytes have passed so far. */
  readonly passed: number
}

/** To be read once. Whoever wants to compare with something expected does it after the end. */
export function measured(bytes: ByteStream, algorithm: DigestAlgorithm = 'sha256'): MeasuredStream {
  const hash = process.getBuiltinModule('node:crypto').createHash(algorithm)
  let passed = 0
  let result: Measurement | undefined
  return {
    async *[Symbol.asyncIterator]() {
      for await (const chunk of bytes) {
        hash.update(chunk)
        passed += chunk.byteLength
        yield chunk
      }
      result = { digest: parseDigest(`${algorithm}:${hash.digest('hex')}`), size: passed }
    },
    measurement() {
      if (result === undefined) throw new TypeError('measured before the end of the stream')
      return result
    },
    get passed() {
      return passed
    },
  }
}
