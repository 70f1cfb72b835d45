import { errnoCode, errnoText } from './errno.ts'
import { type KernelPath, pathText } from './kernel-path.ts'

/** A system call that failed. The message is what Go prints for it: `mkdirat etc: file exists`. */
export class ErrnoError extends Error {
  /** The name of the system call. */
  readonly call: string
  /** What it was about, for people: bytes that are not UTF-8 became U+FFFD. Empty for calls on a descriptor alone. */
  readonly path: string
  /** Positive, as the kernel has it: 2 for `ENOENT` (Node's own errors have it negative). */
  readonly errno: number
  /** `ENOENT` */
  readonly code: string

  constructor(call: string, path: KernelPath | undefined, errno: number) {
    const text = path === undefined ? '' : pathText(path)
    super(`${call}${text === '' ? '' : ` ${text}`}: ${errnoText(errno)}`)
    this.name = 'ErrnoError'
    this.call = call
    this.path = text
    this.errno = errno
    this.code = errnoCode(errno)
  }
}
