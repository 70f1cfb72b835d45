import { realpathSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { AT_FDCWD } from './at-flags.ts'
import { Descriptor } from './descriptor.ts'
import { ErrnoError } from './errno-error.ts'
import { errnoNumber } from './errno.ts'
import { readMountInfo } from './mount-info.ts'
import { O_DIRECTORY, O_NOFOLLOW, O_PATH } from './open-flags.ts'
import { RESOLVE_NO_XDEV, close, openat, tryOpenat2 } from './open.ts'

/** Whether something is mounted at this very path, in this mount namespace (spec/drivers §14.7). @throws ErrnoError where there is no such path */
export function isMountpoint(path: string): boolean {
  const real = realpathSync(resolve(path))
  if (real === '/') return true
  using parent = new Descriptor(openat(AT_FDCWD, dirname(real), O_PATH | O_DIRECTORY))
  const fd = tryOpenat2(parent.fd, basename(real), O_PATH | O_NOFOLLOW, 0, RESOLVE_NO_XDEV)
  if (fd >= 0) {
    close(fd)
    return false
  }
  switch (-fd) {
    case errnoNumber('EXDEV'):
      return true
    // A kernel before 5.6, or a sandbox that does not know the call.
    case errnoNumber('ENOSYS'):
    case errnoNumber('EPERM'):
      return readMountInfo().some((mount) => mount.mountpoint === real)
    default:
      throw new ErrnoError('openat2', real, -fd)
  }
}
