import { basename, dirname, join } from 'node:path'
import {
  AT_FDCWD,
  Descriptor,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  fchmod,
  fdatasync,
  fstat,
  fsync,
  isErrno,
  nanosecondsOf,
  openat,
  randomNumber,
  renameat,
  tryUnlinkat,
  writeFully,
} from '#ground/sys'

export interface AtomicWrite {
  /** Permission bits, whatever the umask. */
  readonly mode: number
  /** `full`: the bytes are on the disk before the name points to them. `none`: for files that need not outlive the machine's run. */
  readonly sync: 'full' | 'none'
}

/**
 * Puts a file in place of another, or of nothing (spec/store §4.1): at any moment, also after a crash, the name means the old
 * content or the new one as a whole. After a power cut it may still be the old one: the directory is not synced. Returns the
 * new file's time of modification in nanoseconds. On failure nothing is left behind. @throws ErrnoError
 */
export function writeFileAtomically(path: string, bytes: Uint8Array, options: AtomicWrite): bigint {
  const { temporary, fd } = createBeside(path)
  try {
    using file = new Descriptor(fd)
    writeFully(fd, bytes)
    if (options.sync === 'full') fdatasync(fd)
    const { modified } = fstat(fd)
    fchmod(fd, options.mode)
    file.close()
    renameat(AT_FDCWD, temporary, AT_FDCWD, path)
    return nanosecondsOf(modified)
  } catch (error) {
    tryUnlinkat(AT_FDCWD, temporary)
    throw error
  }
}

/** Makes what was created, renamed and removed in a directory outlive a power cut. @throws ErrnoError */
export function syncDirectory(path: string): void {
  using directory = new Descriptor(openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY))
  fsync(directory.fd)
}

function createBeside(path: string): { readonly temporary: string; readonly fd: number } {
  for (;;) {
    const temporary = join(dirname(path), `.tmp-${basename(path)}${randomNumber()}`)
    try {
      return { temporary, fd: openat(AT_FDCWD, temporary, O_RDWR | O_CREAT | O_EXCL, 0o600) }
    } catch (error) {
      if (!isErrno(error, 'EEXIST')) throw error
    }
  }
}
