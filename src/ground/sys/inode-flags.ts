import { Descriptor } from './descriptor.ts'
import { ioctlStructure } from './ioctl.ts'
import { isErrno } from './is-errno.ts'
import type { KernelPath } from './kernel-path.ts'
import { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } from './open-flags.ts'
import { openat } from './open.ts'
import { S_IFDIR, S_IFMT, S_IFREG, findModeAt } from './stat.ts'

const FS_IOC_GETFLAGS = 0x80086601
const FS_IOC_SETFLAGS = 0x40086602
export const FS_IMMUTABLE_FL = 0x10
export const FS_APPEND_FL = 0x20

/** The flags of chattr(1). @throws ErrnoError */
export function inodeFlags(fd: number): number {
  const word = new Uint32Array(2)
  ioctlStructure(fd, FS_IOC_GETFLAGS, new Uint8Array(word.buffer), 'getflags')
  return word[0] ?? 0
}

/** @throws ErrnoError */
export function setInodeFlags(fd: number, flags: number): void {
  const word = new Uint32Array([flags, 0])
  ioctlStructure(fd, FS_IOC_SETFLAGS, new Uint8Array(word.buffer), 'setflags')
}

/** Takes away the flags that forbid to change or remove the file; whether it had any. @throws ErrnoError */
export function clearImmutabilityOf(fd: number): boolean {
  try {
    const flags = inodeFlags(fd)
    const rest = flags & ~(FS_IMMUTABLE_FL | FS_APPEND_FL)
    if (rest === flags) return false
    setInodeFlags(fd, rest)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOTTY', 'EOPNOTSUPP', 'EINVAL')) return false
    throw error
  }
}

/** The same by name. Only files and directories have such flags: anything else has none. @throws ErrnoError */
export function clearImmutability(dirfd: number, name: KernelPath): boolean {
  // Opening a device or a fifo could do something: look first.
  const type = findModeAt(dirfd, name) & S_IFMT
  if (type !== S_IFREG && type !== S_IFDIR) return false
  try {
    using file = new Descriptor(openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK))
    return clearImmutabilityOf(file.fd)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ELOOP', 'ENXIO', 'ENODEV')) return false
    throw error
  }
}
