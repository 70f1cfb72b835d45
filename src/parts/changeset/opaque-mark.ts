import { fgetxattr, isErrno } from '#ground/sys'

/** The namespace of overlay's attributes: `user` where the kernel mounts with `userxattr`. */
export type OverlayXattrs = 'trusted' | 'user'

export function opaqueXattr(namespace: OverlayXattrs | undefined): string {
  return `${namespace ?? 'trusted'}.overlay.opaque`
}

/** Whether an open directory hides what lower layers have in it. */
export function isOpaque(directory: number, namespace: OverlayXattrs | undefined): boolean {
  try {
    const value = fgetxattr(directory, opaqueXattr(namespace))
    return value !== undefined && value.length === 1 && value[0] === 0x79
  } catch (error) {
    if (isErrno(error, 'EOPNOTSUPP')) return false
    throw error
  }
}
