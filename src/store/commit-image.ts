import type { Digest, Image, ImageId, LayerId, TaskOptions, Timestamp } from '#model'
import type { StagedImageLayer } from './stage-layer.ts'
import type { Store } from './store.ts'

/** An item of an image's big data. The digest of manifests is that of the bytes too; it is computed where it is not given. */
export interface ImageItem {
  readonly key: string
  readonly bytes: Uint8Array
  readonly digest?: Digest
}

export interface NewImage {
  readonly id: ImageId
  /** Taken away from images that bear them; they go to the front of the names' history. */
  readonly names?: readonly string[]
  readonly digest?: Digest
  /** The top layer. Default: the last of the staged layers. An image of no layers has none. */
  readonly layer?: LayerId
  readonly metadata?: string
  /** In the order in which they shall be listed (spec/chunked §5). */
  readonly bigData?: readonly ImageItem[]
  /** Default: now. */
  readonly created?: Timestamp
  readonly namesHistory?: readonly string[]
}

/**
 * Makes staged layers and their image part of the store, in one transaction: first everything written so far is made durable
 * (durability `full`), then all layers appear, bottom first, then the image. Of layers that somebody else committed
 * meanwhile the staged copy is left to its disposal. Where the image is there already it must have the same top layer; its
 * big data and metadata are replaced and the names added (spec/chunked §5).
 *
 * After a crash: as before, or complete layers without the image, or as after.
 * @throws Fault `image-layer-differs`; `layer-unknown` when a parent or the top layer is gone; `id-in-use` when a layer of
 *   the same id has other content
 */
export async function commitImage(
  store: Store,
  commit: { readonly layers: readonly StagedImageLayer[]; readonly image: NewImage },
  options: TaskOptions = {},
): Promise<Image> {
  throw new Error(`${store.root}${commit.image.id}${options.signal}`)
}
