import {
  AT_FDCWD,
  Descriptor,
  MOUNT_ATTR_NOATIME,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NODIRATIME,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MOUNT_ATTR_STRICTATIME,
  MS_DIRSYNC,
  MS_MANDLOCK,
  MS_NOATIME,
  MS_NODEV,
  MS_NODIRATIME,
  MS_NOEXEC,
  MS_NOSUID,
  MS_RDONLY,
  MS_STRICTATIME,
  MS_SYNCHRONOUS,
  O_DIRECTORY,
  O_RDONLY,
  fsconfigCreate,
  fsconfigSet,
  fsconfigSetDescriptor,
  fsmount,
  fsopen,
  moveMount,
  openat,
} from '#ground/sys'
import { mountFlagsOf } from './mount-words.ts'
import type { OverlayMount } from './overlay-mount-plan.ts'

/** Flags that belong to the mount, by their old and their new number. */
const attributes: readonly (readonly [old: number, attribute: number])[] = [
  [MS_RDONLY, MOUNT_ATTR_RDONLY],
  [MS_NOSUID, MOUNT_ATTR_NOSUID],
  [MS_NODEV, MOUNT_ATTR_NODEV],
  [MS_NOEXEC, MOUNT_ATTR_NOEXEC],
  [MS_NOATIME, MOUNT_ATTR_NOATIME],
  [MS_STRICTATIME, MOUNT_ATTR_STRICTATIME],
  [MS_NODIRATIME, MOUNT_ATTR_NODIRATIME],
]

/** Flags that belong to the file system as a whole. */
const superblockFlags: readonly (readonly [old: number, key: string])[] = [
  [MS_RDONLY, 'ro'],
  [MS_SYNCHRONOUS, 'sync'],
  [MS_DIRSYNC, 'dirsync'],
  [MS_MANDLOCK, 'mand'],
]

/**
 * Mounts an overlay option by option, each lower by itself: for chains whose option string is longer than a page. Needs
 * Linux 6.5. @throws ErrnoError with what the kernel says of it
 */
export function attachByParts(mount: OverlayMount): void {
  const flags = mountFlagsOf(mount.flags)
  using context = new Descriptor(fsopen('overlay'))
  fsconfigSet(context.fd, 'source', 'overlay')
  for (const [old, key] of superblockFlags) if ((flags & old) !== 0) fsconfigSet(context.fd, key)
  for (const lower of mount.lowers) setDirectory(context.fd, 'lowerdir+', lower)
  if (mount.upper !== undefined && mount.work !== undefined) {
    setDirectory(context.fd, 'upperdir', mount.upper)
    setDirectory(context.fd, 'workdir', mount.work)
  }
  for (const option of mount.options) setOption(context.fd, option)
  if (mount.label !== undefined) fsconfigSet(context.fd, 'context', mount.label)
  fsconfigCreate(context.fd)
  using tree = new Descriptor(fsmount(context.fd, attributesOf(flags)))
  moveMount(tree.fd, AT_FDCWD, mount.mountpoint)
}

/** The kernel takes texts of up to 255 bytes, and reads marks into some: what it could misread is given to it opened (Linux 6.13). */
function setDirectory(context: number, key: string, directory: string): void {
  if (Buffer.byteLength(directory) < 256 && !directory.includes('\\')) {
    fsconfigSet(context, key, directory)
    return
  }
  using opened = new Descriptor(openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY))
  fsconfigSetDescriptor(context, key, opened.fd)
}

function setOption(context: number, option: string): void {
  const equals = option.indexOf('=')
  if (equals < 0) fsconfigSet(context, option)
  else fsconfigSet(context, option.slice(0, equals), option.slice(equals + 1))
}

function attributesOf(flags: number): number {
  return attributes.reduce((sum, [old, attribute]) => ((flags & old) === 0 ? sum : sum | attribute), 0)
}
