import { isErrno, lgetxattr, llistxattr } from '#ground/sys'

/** Attributes of a file by name, of those that `isWanted`; none where the file system has none. Of the symlink itself. */
export function attributesOf(path: Uint8Array, isWanted: (name: string) => boolean): Map<string, Buffer> {
  const attributes = new Map<string, Buffer>()
  for (const name of namesOf(path)) {
    if (!isWanted(name)) continue
    const value = lgetxattr(path, Buffer.from(name, 'latin1'))
    if (value !== undefined) attributes.set(name, value)
  }
  return attributes
}

function namesOf(path: Uint8Array): string[] {
  try {
    return llistxattr(path)
  } catch (error) {
    if (isErrno(error, 'EOPNOTSUPP')) return []
    throw error
  }
}
