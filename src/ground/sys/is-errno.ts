import type { ErrnoCode } from './errno.ts'

/** Whether an error is a failed system call with one of these codes; Node's own errors count as well. */
export function isErrno(error: unknown, ...codes: readonly ErrnoCode[]): error is Error & { readonly code: ErrnoCode } {
  return error instanceof Error && 'code' in error && codes.some((code) => code === error.code)
}
