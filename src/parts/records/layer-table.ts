import type { BlobDigest, DiffId, Layer, LayerId, TocDigest } from '#model'
import type { BigDataItem } from './big-data.ts'

/** Where a layer is attached, and for how many (spec/store §2.3). */
export interface LayerMount {
  readonly path: string
  readonly count: number
}

/** What becomes the content of a new layer, as far as a record store has to know it: a driver's staged layer is one. */
export interface StagedContent {
  /** Renames only; called once the row stands in layers.json as incomplete. */
  commit(id: LayerId): void
}

/** What comes with a new row. */
export interface LayerAdditions {
  readonly content?: StagedContent
  /** A file that is moved to `<id>.tar-split.gz`. */
  readonly tarSplitPath?: string
  readonly bigData?: readonly BigDataItem[]
}

/** Layers as of the moment the lock was taken. Names: an exact id, an exact name, or the unique prefix of an id, in this order. */
export interface LayersReader {
  find(nameOrId: string): Layer | undefined
  /** @throws Fault `layer-unknown` */
  get(nameOrId: string): Layer
  /** In order of the record files. */
  list(): readonly Layer[]
  /** In order of creation. */
  withCompressedDigest(digest: BlobDigest): readonly Layer[]
  withDiffId(diffId: DiffId): readonly Layer[]
  withTocDigest(digest: TocDigest): readonly Layer[]
  childrenOf(id: LayerId): readonly Layer[]
  mountOf(id: LayerId): LayerMount | undefined
  /** Whether the record lives in a `volatile-` file. */
  isVolatile(id: LayerId): boolean
  /** Host path of the tar-split of a layer, whether it is there or not. */
  tarSplitPath(id: LayerId): string
  /** Host path of an item. @throws Fault `big-data-unknown` when the record does not list it, `path-escapes-root` */
  bigDataPath(id: LayerId, key: string): string
}

export interface LayersWriter extends LayersReader {
  /** @throws Fault `id-in-use`, `name-in-use` */
  add(layer: Layer, additions?: LayerAdditions): Layer
  /** The row of the same id becomes this one; its names are taken away from other layers. @throws Fault `layer-unknown` */
  replace(layer: Layer, additions?: Pick<LayerAdditions, 'tarSplitPath'>): Layer
  /** Writes an item; the record is saved only when the name is new. @throws Fault `layer-unknown`, `big-data-name-empty` */
  putBigData(id: LayerId, item: BigDataItem): Layer
  /** The row, its content, tar-split and big data. Nothing is checked but that it is there. @throws Fault `layer-unknown` */
  remove(id: LayerId): void
  /** Recorded in mountpoints.json only. `undefined`: not mounted. */
  setMount(id: LayerId, mount: LayerMount | undefined): void
}
