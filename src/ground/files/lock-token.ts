import { ErrnoError, errnoNumber, fillRandomly, pread, pwrite } from '#ground/sys'

/**
 * The mark of the last writer (spec/store §3.2), as hexadecimal digits: two are equal as bytes, length included, exactly if they
 * are equal as strings. Empty where nobody has written yet.
 */
export type LockToken = string

const tokenBytes = 64
let counter = 0n

/** Whoever calls this holds the lock of the file. @throws ErrnoError */
export function readLockToken(fd: number): LockToken {
  const bytes = Buffer.alloc(tokenBytes)
  return bytes.toString('hex', 0, pread(fd, bytes, 0))
}

/** A new token in place of the old, unlike any other. @throws ErrnoError `ENOSPC` when only a part of it could be written */
export function writeLockToken(fd: number): LockToken {
  const bytes = newToken()
  if (pwrite(fd, bytes, 0) < bytes.length) throw new ErrnoError('pwrite', undefined, errnoNumber('ENOSPC'))
  return bytes.toString('hex')
}

export interface LockTokenAuthor {
  readonly pid: number
  readonly time: Date
}

/** Who wrote a token and when; undefined for an empty one and for what other programs may have written. */
export function authorOfLockToken(token: LockToken): LockTokenAuthor | undefined {
  const bytes = Buffer.from(token, 'hex')
  if (bytes.length < 20) return undefined
  return { pid: bytes.readUInt32LE(16), time: new Date(Number(bytes.readBigUInt64LE(0) / 1_000_000n)) }
}

function newToken(): Buffer {
  const bytes = Buffer.alloc(tokenBytes)
  counter += 1n
  bytes.writeBigUInt64LE(nanosecondsNow(), 0)
  bytes.writeBigUInt64LE(counter, 8)
  bytes.writeUInt32LE(process.pid, 16)
  fillRandomly(bytes.subarray(20))
  return bytes
}

function nanosecondsNow(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}
