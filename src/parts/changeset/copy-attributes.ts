import { fgetxattr, flistxattr, fsetxattr, isErrno } from '#ground/sys'

/** Copies the attributes that belong to a container's file: its capabilities, its user's, and overlay's mark of an opaque directory. */
export function copyAttributes(from: number, to: number, rights: 'root' | 'user'): void {
  for (const name of attributeNames(from)) {
    if (!isCopied(name, rights)) continue
    const bytes = Buffer.from(name, 'latin1')
    const value = fgetxattr(from, bytes)
    if (value !== undefined) fsetxattr(to, bytes, value)
  }
}

function isCopied(name: string, rights: 'root' | 'user'): boolean {
  if (name === 'trusted.overlay.opaque') return rights === 'root'
  return name === 'security.capability' || name.startsWith('user.')
}

function attributeNames(fd: number): string[] {
  try {
    return flistxattr(fd)
  } catch (error) {
    if (isErrno(error, 'EOPNOTSUPP')) return []
    throw error
  }
}
