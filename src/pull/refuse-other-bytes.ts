import { createHash } from 'node:crypto'
import { algorithmOf, type Descriptor, Fault } from '#model'

/** Where bytes from outside become trusted: they are those that were named. @throws Fault `size-mismatch`, `digest-mismatch` */
export function refuseOtherBytes(bytes: Uint8Array, named: Pick<Descriptor, 'digest' | 'size'>, what: string): void {
  if (bytes.byteLength !== named.size) {
    throw new Fault({ code: 'size-mismatch', expected: named.size, actual: bytes.byteLength, what })
  }
  const algorithm = algorithmOf(named.digest)
  const actual = `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
  if (actual !== named.digest) throw new Fault({ code: 'digest-mismatch', expected: named.digest, actual, what })
}
