import { S_IFBLK, S_IFCHR, S_IFMT } from '#ground/sys'

export function isDevice(mode: number): boolean {
  return (mode & S_IFMT) === S_IFCHR || (mode & S_IFMT) === S_IFBLK
}
