import type { Digest } from './digest.ts'
import type { IdRange } from './id-map.ts'
import type { ContainerId, ImageId, LayerId } from './ids.ts'
import type { Timestamp } from './timestamp.ts'

/** A container's record (spec/store §2.5). */
export interface Container {
  readonly id: ContainerId
  readonly names: readonly string[]
  readonly image?: ImageId
  readonly layer: LayerId
  readonly metadata?: string
  readonly bigDataNames: readonly string[]
  readonly bigDataSizes: Readonly<Record<string, number>>
  readonly bigDataDigests: Readonly<Record<string, Digest>>
  readonly created: Timestamp
  readonly uidMap?: readonly IdRange[]
  readonly gidMap?: readonly IdRange[]
  /** `MountLabel`, `ProcessLabel`, `MountOpts`, `Volatile`. */
  readonly flags?: Readonly<Record<string, unknown>>
  readonly unknownFields: Readonly<Record<string, unknown>>
}
