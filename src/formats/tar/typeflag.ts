import type { TarEntryKind } from './entry.ts'

/** Type flags by name (POSIX ustar, pax; GNU's capital letters). */
export const typeflag = {
  oldFile: 0,
  file: 0x30,
  hardLink: 0x31,
  symlink: 0x32,
  charDevice: 0x33,
  blockDevice: 0x34,
  directory: 0x35,
  fifo: 0x36,
  extendedHeader: 0x78,
  globalHeader: 0x67,
  gnuLongName: 0x4c,
  gnuLongLink: 0x4b,
  gnuSparse: 0x53,
} as const

const kinds: ReadonlyMap<number, TarEntryKind> = new Map([
  [typeflag.file, 'file'],
  [typeflag.hardLink, 'hard-link'],
  [typeflag.symlink, 'symlink'],
  [typeflag.charDevice, 'char-device'],
  [typeflag.blockDevice, 'block-device'],
  [typeflag.directory, 'directory'],
  [typeflag.fifo, 'fifo'],
  [typeflag.globalHeader, 'global-header'],
])

export function kindOfTypeflag(flag: number): TarEntryKind {
  return kinds.get(flag) ?? 'other'
}

const flags: ReadonlyMap<TarEntryKind, number> = new Map([...kinds].map(([flag, kind]) => [kind, flag]))

/** Kinds with a flag of their own; `other` has none. */
export function typeflagOfKind(kind: TarEntryKind): number {
  return flags.get(kind) ?? typeflag.file
}

/** Links, devices, directories and fifos have no body, whatever size their header gives. */
export function hasBody(flag: number): boolean {
  return flag < typeflag.hardLink || flag > typeflag.fifo
}
