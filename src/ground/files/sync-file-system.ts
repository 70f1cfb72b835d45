import { AT_FDCWD, Descriptor, O_RDONLY, openat, syncfs } from '#ground/sys'

/** Brings everything on the file system of this path to the disk: one call for however many files. @throws ErrnoError */
export function syncFileSystem(path: string): void {
  using file = new Descriptor(openat(AT_FDCWD, path, O_RDONLY))
  syncfs(file.fd)
}
