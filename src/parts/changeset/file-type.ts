import { type FileStatus, S_IFBLK, S_IFCHR, S_IFDIR, S_IFMT } from '#ground/sys'

export function isDirectory(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR
}

export function isDevice(mode: number): boolean {
  return (mode & S_IFMT) === S_IFCHR || (mode & S_IFMT) === S_IFBLK
}

/** Overlay's mark for a name that is hidden. */
export function isWhiteout({ mode, specialDevice }: Pick<FileStatus, 'mode' | 'specialDevice'>): boolean {
  return (mode & S_IFMT) === S_IFCHR && specialDevice === 0
}
