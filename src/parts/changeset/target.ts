import type { IdMaps } from '#model'

/**
 * Where and how a changeset is applied. Plain data: it crosses to the thread that does the work.
 * `unpack-layer` is what vfs, btrfs and zfs do (spec/drivers §8.4), `overlay` leaves whiteout devices and opaque marks (§8.3).
 */
export interface ApplyTarget {
  /** Host path of an existing directory that becomes the root of everything. */
  readonly directory: string
  readonly semantics: 'unpack-layer' | 'overlay'
  /** The namespace of the opaque mark: `trusted` for root, `user` inside a user namespace. */
  readonly overlayXattrs?: 'trusted' | 'user'
  readonly idMaps?: IdMaps
  readonly forceMask?: number
  readonly ignoreChownErrors?: boolean
  /** Devices are skipped and EPERM on xattrs is tolerated, as in a user namespace. */
  readonly inUserNamespace?: boolean
}
