import type { Trash } from './trash.ts'
import type { ContainerRecords } from './container-records.ts'
import type { ImageRecords } from './image-records.ts'
import type { LayerRecords } from './layer-records.ts'
import type { Placement } from './placement.ts'
import type { RecordPaths } from './record-paths.ts'
import type { LayerContents } from './records.ts'

/** What transactions of one store work with. */
export interface Means {
  readonly paths: RecordPaths
  readonly contents: LayerContents
  readonly layers: LayerRecords
  readonly images: ImageRecords
  readonly containers: ContainerRecords
  /** Brings files to their places and, where that is asked for, makes it durable. */
  place(placements: readonly Placement[]): void
  /** Files whose places are still to come: their bytes are written, and missing directories `made`, now. */
  prepared(placements: readonly Placement[], room: string, made: string[]): readonly Placement[]
  /** Where to put what is being removed, or prepared. */
  openTrash(): Trash
}
