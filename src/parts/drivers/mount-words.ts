import {
  MS_BIND,
  MS_DIRSYNC,
  MS_MANDLOCK,
  MS_NOATIME,
  MS_NODEV,
  MS_NODIRATIME,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  MS_RELATIME,
  MS_REMOUNT,
  MS_SHARED,
  MS_SLAVE,
  MS_STRICTATIME,
  MS_SYNCHRONOUS,
  MS_UNBINDABLE,
} from '#ground/sys'

interface Meaning {
  readonly sets?: number
  readonly clears?: number
}

/** Words of a mount option list that are flags of the mount and not data for the file system (spec/drivers §14.7). */
const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ['ro', { sets: MS_RDONLY }],
  ['rw', { clears: MS_RDONLY }],
  ['suid', { clears: MS_NOSUID }],
  ['nosuid', { sets: MS_NOSUID }],
  ['dev', { clears: MS_NODEV }],
  ['nodev', { sets: MS_NODEV }],
  ['exec', { clears: MS_NOEXEC }],
  ['noexec', { sets: MS_NOEXEC }],
  ['sync', { sets: MS_SYNCHRONOUS }],
  ['async', { clears: MS_SYNCHRONOUS }],
  ['dirsync', { sets: MS_DIRSYNC }],
  ['remount', { sets: MS_REMOUNT }],
  ['mand', { sets: MS_MANDLOCK }],
  ['nomand', { clears: MS_MANDLOCK }],
  ['atime', { clears: MS_NOATIME }],
  ['noatime', { sets: MS_NOATIME }],
  ['diratime', { clears: MS_NODIRATIME }],
  ['nodiratime', { sets: MS_NODIRATIME }],
  ['bind', { sets: MS_BIND }],
  ['rbind', { sets: MS_BIND | MS_REC }],
  ['unbindable', { sets: MS_UNBINDABLE }],
  ['runbindable', { sets: MS_UNBINDABLE | MS_REC }],
  ['private', { sets: MS_PRIVATE }],
  ['rprivate', { sets: MS_PRIVATE | MS_REC }],
  ['shared', { sets: MS_SHARED }],
  ['rshared', { sets: MS_SHARED | MS_REC }],
  ['slave', { sets: MS_SLAVE }],
  ['rslave', { sets: MS_SLAVE | MS_REC }],
  ['relatime', { sets: MS_RELATIME }],
  ['norelatime', { clears: MS_RELATIME }],
  ['strictatime', { sets: MS_STRICTATIME }],
  ['nostrictatime', { clears: MS_STRICTATIME }],
])

export const propagationFlags = MS_UNBINDABLE | MS_PRIVATE | MS_SHARED | MS_SLAVE

export interface MountWords {
  readonly flags: readonly string[]
  readonly options: readonly string[]
}

/** Tells the flag words from the data. `defaults` is data for the original, which the kernel then refuses: it says nothing, so it goes. */
export function splitMountWords(words: readonly string[]): MountWords {
  const meaningful = words.filter((word) => word !== '' && word !== 'defaults')
  return {
    flags: meaningful.filter((word) => meanings.has(word)),
    options: meaningful.filter((word) => !meanings.has(word)),
  }
}

/** The number for mount(2); later words win over earlier ones. */
export function mountFlagsOf(words: readonly string[]): number {
  return words.reduce((flags, word) => {
    const { sets = 0, clears = 0 } = meanings.get(word) ?? {}
    return (flags | sets) & ~clears
  }, 0)
}
