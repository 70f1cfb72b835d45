import { ErrnoError } from './errno-error.ts'
import { errnoNumber } from './errno.ts'
import type { KernelPath } from './kernel-path.ts'
import { errnoNow } from './libc.ts'

/** The call that has just returned -1, as an error. */
export function failed(call: string, path?: KernelPath): ErrnoError {
  const errno = errnoNow()
  return new ErrnoError(call, path, errno)
}

/** A NUL inside of a name would end it early: another file than the one meant. */
export function refuseNul(call: string, path: KernelPath): never {
  throw new ErrnoError(call, path, errnoNumber('EINVAL'))
}
