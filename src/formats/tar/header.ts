import type { LayerPath } from '#model'
import type { TarEntryKind, TarTime } from './entry.ts'

/** What is to be written of one entry. Every TarEntry is one. */
export interface TarHeader {
  readonly kind: TarEntryKind
  /** Asked only where `kind` is `other`. */
  readonly typeflag?: number
  readonly path: LayerPath
  readonly linkPath?: LayerPath
  readonly size?: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** One char per byte. */
  readonly userName?: string
  readonly groupName?: string
  readonly mtime: TarTime
  readonly atime?: TarTime
  readonly ctime?: TarTime
  readonly deviceMajor?: number
  readonly deviceMinor?: number
  readonly xattrs?: ReadonlyMap<string, Uint8Array>
  /** Further records. Those that say again what a field says are written only where they agree with it. */
  readonly paxRecords?: ReadonlyMap<string, string>
}
