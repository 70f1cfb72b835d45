import type { LayerPath } from '#model'

export type TarEntryKind =
  | 'file'
  | 'directory'
  | 'symlink'
  | 'hard-link'
  | 'char-device'
  | 'block-device'
  | 'fifo'
  | 'global-header'
  /** Any other type flag: kept for tar-split, refused by whoever applies (`unhandled tar header type <decimal>`). */
  | 'other'

/** Seconds and nanoseconds since 1970; `nanoseconds` is 0–999999999 also before 1970. */
export interface TarTime {
  readonly seconds: number
  readonly nanoseconds: number
}

/** One header after PAX, GNU and prefix merging (spec/drivers §8.1). */
export interface TarEntry {
  readonly kind: TarEntryKind
  readonly typeflag: number
  /** As the archive says: not cleaned, a directory may end in `/`. */
  readonly path: LayerPath
  /** Target of symlink and hard-link, else empty. */
  readonly linkPath: LayerPath
  /** Logical size from the header; of kinds without a body it may be non-zero and no body follows. */
  readonly size: number
  /** Permission and setuid/setgid/sticky bits as in the header, perhaps with file type bits: mask with 0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly userName: string
  readonly groupName: string
  readonly mtime: TarTime
  /** Present only if the archive has them (PAX, GNU, STAR). */
  readonly atime?: TarTime
  readonly ctime?: TarTime
  readonly deviceMajor: number
  readonly deviceMinor: number
  /** From `SCHILY.xattr.*`; names and values as bytes of the archive; in order of the archive. Empty values are kept. */
  readonly xattrs: ReadonlyMap<string, Uint8Array>
  /** All PAX records that applied, raw, one char per byte. */
  readonly paxRecords?: ReadonlyMap<string, string>
  readonly sparse?: boolean
}
