import type { TarEntry } from '#formats/tar'

/** Where files keep the owner and mode they should have, on file systems that cannot give them (spec/drivers §4.18). */
export const overrideStatXattr = 'user.containers.override_stat'

export interface OverrideStat {
  readonly uid: number
  readonly gid: number
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number
  /** `dir`, `file`, `symlink`, `pipe`, `socket`, `block-MAJOR-MINOR`, `char-MAJOR-MINOR` */
  readonly type: string
}

export function formatOverrideStat(stat: OverrideStat): string {
  return `${stat.uid}:${stat.gid}:${(stat.mode & 0o7777).toString(8).padStart(4, '0')}:${stat.type}`
}

export function overrideTypeOf(entry: Pick<TarEntry, 'kind' | 'deviceMajor' | 'deviceMinor'>): string {
  switch (entry.kind) {
    case 'directory':
      return 'dir'
    case 'symlink':
      return 'symlink'
    case 'fifo':
      return 'pipe'
    case 'char-device':
      return `char-${entry.deviceMajor}-${entry.deviceMinor}`
    case 'block-device':
      return `block-${entry.deviceMajor}-${entry.deviceMinor}`
    case 'file':
    case 'hard-link':
    case 'global-header':
    case 'other':
      return 'file'
  }
}
