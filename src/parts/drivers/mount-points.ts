import { realpathSync } from 'node:fs'
import { MNT_DETACH, isErrno, isMountpoint, readMountInfo, umount2 } from '#ground/sys'

/** Whether something is mounted at this directory, in this mount namespace. What is not there is no mountpoint. */
export function isMountedOn(directory: string): boolean {
  try {
    return isMountpoint(directory)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return false
    throw error
  }
}

/** Out of the tree at once; freed when the last user is gone. What is not mounted is no error. */
export function detachMount(directory: string): void {
  try {
    umount2(directory, MNT_DETACH)
  } catch (error) {
    if (!isErrno(error, 'EINVAL', 'ENOENT')) throw error
  }
}

/** Mountpoints below a directory, not the directory itself. */
export function mountPointsBelow(directory: string): readonly string[] {
  const real = realPath(directory)
  if (real === undefined) return []
  return readMountInfo()
    .map((mount) => mount.mountpoint)
    .filter((mountpoint) => mountpoint.startsWith(`${real}/`))
}

function realPath(directory: string): string | undefined {
  try {
    return realpathSync(directory)
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}
