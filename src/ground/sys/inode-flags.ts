import { Descriptor } from './descriptor.ts'
import { ioctlStructure } from './ioctl.ts'
import { isErrno } from './is-errno.ts'
import type { KernelPath } from './kernel-path.ts'
import { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } from './open-flags.ts'
import { openat } from './open.ts'

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

/** Takes away the flags that forbid to remove or change a file; whether there were any. Only files and directories have them. @throws ErrnoError */
export function clearImmutability(dirfd: number, name: KernelPath): boolean {
  try {
    using file = new Descriptor(openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK))
    const flags = inodeFlags(file.fd)
    const rest = flags & ~(FS_IMMUTABLE_FL | FS_APPEND_FL)
    if (rest === flags) return false
    setInodeFlags(file.fd, rest)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ELOOP', 'ENXIO', 'ENODEV', 'ENOTTY', 'EOPNOTSUPP', 'EINVAL')) return false
    throw error
  }
}
