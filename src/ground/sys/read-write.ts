import { ErrnoError } from './errno-error.ts'
import { errnoNumber } from './errno.ts'
import { bind, errnoNow } from './libc.ts'

type Transfer = (fd: number, bytes: Uint8Array, length: number) => number
type TransferAt = (fd: number, bytes: Uint8Array, length: number, offset: number) => number

let callRead: Transfer | undefined
let callWrite: Transfer | undefined
let callPread: TransferAt | undefined
let callPwrite: TransferAt | undefined

/** Reads into the beginning of `into`; 0 at the end of the file. @throws ErrnoError */
export function read(fd: number, into: Uint8Array, length = into.byteLength): number {
  callRead ??= bind<Transfer>('read', 'int64_t', 'int', 'void *', 'size_t')
  for (;;) {
    const count = callRead(fd, into, within(into, length))
    if (count >= 0) return count
    throwUnlessInterrupted('read')
  }
}

/** Writes the beginning of `bytes`, perhaps less than asked for. @throws ErrnoError */
export function write(fd: number, bytes: Uint8Array, length = bytes.byteLength): number {
  callWrite ??= bind<Transfer>('write', 'int64_t', 'int', 'void *', 'size_t')
  for (;;) {
    const count = callWrite(fd, bytes, within(bytes, length))
    if (count >= 0) return count
    throwUnlessInterrupted('write')
  }
}

/** Reads from a place in the file; 0 at its end. @throws ErrnoError */
export function pread(fd: number, into: Uint8Array, offset: number, length = into.byteLength): number {
  callPread ??= bind<TransferAt>('pread', 'int64_t', 'int', 'void *', 'size_t', 'int64_t')
  for (;;) {
    const count = callPread(fd, into, within(into, length), offset)
    if (count >= 0) return count
    throwUnlessInterrupted('pread')
  }
}

/** Writes at a place in the file, perhaps less than asked for. @throws ErrnoError */
export function pwrite(fd: number, bytes: Uint8Array, offset: number, length = bytes.byteLength): number {
  callPwrite ??= bind<TransferAt>('pwrite', 'int64_t', 'int', 'void *', 'size_t', 'int64_t')
  for (;;) {
    const count = callPwrite(fd, bytes, within(bytes, length), offset)
    if (count >= 0) return count
    throwUnlessInterrupted('pwrite')
  }
}

/** Writes all of the first `length` bytes, however often the kernel takes a part only. @throws ErrnoError */
export function writeFully(fd: number, bytes: Uint8Array, length = bytes.byteLength): void {
  let done = write(fd, bytes, length)
  while (done < length) done += write(fd, bytes.subarray(done, length))
}

// A length beyond the array would let the kernel write over memory that is not ours.
function within(bytes: Uint8Array, length: number): number {
  if (length < 0 || length > bytes.byteLength)
    throw new RangeError(`${length} bytes of an array of ${bytes.byteLength}`)
  return length
}

function throwUnlessInterrupted(call: string): void {
  const errno = errnoNow()
  if (errno !== errnoNumber('EINTR')) throw new ErrnoError(call, undefined, errno)
}
