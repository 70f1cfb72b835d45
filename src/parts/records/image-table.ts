import type { Digest, Image, ImageId, LayerId } from '#model'
import type { BigDataItem } from './big-data.ts'

/** Images as of the moment the lock was taken. Names as for layers. */
export interface ImagesReader {
  find(nameOrId: string): Image | undefined
  /** @throws Fault `image-unknown` */
  get(nameOrId: string): Image
  list(): readonly Image[]
  /** By its own digest or by that of an item whose key begins with `manifest`. */
  withDigest(digest: Digest): readonly Image[]
  /** Images whose top layer, or one of whose mapped top layers, this is. */
  withTopLayer(layer: LayerId): readonly Image[]
  /** @throws Fault `big-data-unknown` when the record does not list it, `path-escapes-root` */
  bigDataPath(id: ImageId, key: string): string
}

export interface ImagesWriter extends ImagesReader {
  /** Digests are computed anew (spec/store §2.4). @throws Fault `id-in-use`, `name-in-use` */
  add(image: Image, bigData?: readonly BigDataItem[]): Image
  /** The row of the same id becomes this one; its names are taken away from other images. @throws Fault `image-unknown` */
  replace(image: Image): Image
  /** @throws Fault `image-unknown`, `big-data-name-empty` */
  putBigData(id: ImageId, item: BigDataItem): Image
  /** The row and its big data. @throws Fault `image-unknown` */
  remove(id: ImageId): void
}
