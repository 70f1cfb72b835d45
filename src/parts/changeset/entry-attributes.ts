import type { TarEntry } from '#formats/tar'
import { ErrnoError, errnoNumber, fsetxattr, lsetxattr, pathBelow } from '#ground/sys'
import type { ApplyTarget } from './target.ts'

const ENOTSUP = errnoNumber('EOPNOTSUPP')
const EPERM = errnoNumber('EPERM')

/** Sets the extended attributes that an entry carries, of whatever namespace, but for the one that SELinux sets by itself. */
export class EntryAttributes {
  readonly #tolerated: readonly number[]
  readonly #warn: (text: string) => void

  constructor(target: Pick<ApplyTarget, 'inUserNamespace'>, warn: (text: string) => void) {
    this.#tolerated = target.inUserNamespace === true ? [ENOTSUP, EPERM] : [ENOTSUP]
    this.#warn = warn
  }

  /** @throws ErrnoError */
  set(entry: TarEntry, fd: number): void {
    if (entry.xattrs.size === 0) return
    this.#each(entry, (name, value) => fsetxattr(fd, name, value))
  }

  /** Of the name itself, should it be a symlink. @throws ErrnoError */
  setAt(entry: TarEntry, dirfd: number, name: Uint8Array): void {
    if (entry.xattrs.size === 0) return
    const path = pathBelow(dirfd, name)
    this.#each(entry, (attribute, value) => lsetxattr(path, attribute, value))
  }

  #each(entry: TarEntry, set: (name: Uint8Array, value: Uint8Array) => void): void {
    for (const [name, value] of entry.xattrs) {
      if (name === 'security.selinux') continue
      try {
        set(Buffer.from(name, 'latin1'), value)
      } catch (error) {
        if (!(error instanceof ErrnoError)) throw error
        // Named after the call by path, as the original makes it.
        if (!this.#tolerated.includes(error.errno)) throw new ErrnoError('lsetxattr', undefined, error.errno)
        this.#warn(`ignored xattr ${name}: ${error.message}`)
      }
    }
  }
}
