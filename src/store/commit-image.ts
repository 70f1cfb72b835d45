import {
  type Digest,
  Fault,
  type Image,
  type ImageId,
  type Layer,
  type LayerId,
  type TaskOptions,
  type Timestamp,
} from '#model'
import type { BigDataItem, Transaction } from '#parts/records'
import { bigDataItem } from './big-data-item.ts'
import { defined } from './defined.ts'
import { keptBlobKey } from './kept-blob.ts'
import { layerRecord } from './layer-record.ts'
import { makeDurable } from './make-durable.ts'
import { namedAnew } from './naming.ts'
import { now } from './now.ts'
import type { StagedImageLayer } from './stage-layer.ts'
import type { Store } from './store.ts'

/** An item of an image's big data. The digest is computed where it is not given. */
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

export interface ImageCommit {
  /** Bottom first; those that the store does not have. */
  readonly layers: readonly StagedImageLayer[]
  readonly image: NewImage
}

type CommitTransaction = Transaction<never, 'layers' | 'images'>

/**
 * Makes staged layers and their image part of the store, in one transaction: first everything written so far is made durable
 * (durability `full`), then all layers appear, bottom first, then the image. Of layers that somebody else committed
 * meanwhile the staged copy is left to its disposal. Where the image is there already it must have the same top layer; its
 * big data and metadata are replaced and the names added (spec/chunked §5).
 *
 * After a crash: as before, or complete layers without the image, or as after.
 * @throws Fault `image-layer-differs`; `layer-unknown` when a parent or the top layer is gone; `layer-content-differs` when a
 *   layer of the same id has other content
 */
export async function commitImage(store: Store, commit: ImageCommit, options: TaskOptions = {}): Promise<Image> {
  const bigData = (commit.image.bigData ?? []).map(bigDataItem)
  const total = commit.layers.length + 1
  if (commit.layers.length > 0) await makeDurable(store, options)
  options.onProgress?.({ kind: 'committing', done: 0, total })
  const image = await store.transact(
    { write: ['layers', 'images'] },
    (tx) => {
      for (const staged of commit.layers) addLayer(tx, staged)
      const top = commit.image.layer ?? commit.layers.at(-1)?.id
      if (top !== undefined) tx.layers.get(top)
      return addImage(tx, commit.image, top, bigData)
    },
    options,
  )
  options.onProgress?.({ kind: 'committing', done: total, total })
  return image
}

function addLayer(tx: CommitTransaction, staged: StagedImageLayer): void {
  if (staged.parent !== undefined) tx.layers.get(staged.parent)
  const present = exactLayer(tx, staged.id)
  if (present !== undefined) return refuseOtherLayer(present, staged)
  tx.layers.add(layerRecord(staged, staged.unpacked), {
    content: { commit: (id) => staged.content.commit(id, staged.parent) },
    tarSplitPath: staged.tarSplitPath,
    ...keptBlobOf(staged),
  })
}

function keptBlobOf({ keptBlobPath, unpacked }: StagedImageLayer): { readonly bigData?: readonly BigDataItem[] } {
  if (keptBlobPath === undefined) return {}
  const content = { kind: 'file', path: keptBlobPath } as const
  return { bigData: [{ key: keptBlobKey, content, size: unpacked.blobSize, digest: unpacked.blobDigest }] }
}

function exactLayer(tx: CommitTransaction, id: LayerId): Layer | undefined {
  const found = tx.layers.find(id)
  return found?.id === id ? found : undefined
}

function refuseOtherLayer(present: Layer, staged: StagedImageLayer): void {
  if (present.diffId === staged.unpacked.diffId) return
  throw new Fault({
    code: 'layer-content-differs',
    layer: present.id,
    present: present.diffId ?? 'unknown',
    wanted: staged.unpacked.diffId,
  })
}

function addImage(
  tx: CommitTransaction,
  image: NewImage,
  layer: LayerId | undefined,
  bigData: readonly BigDataItem[],
): Image {
  const found = tx.images.find(image.id)
  const present = found?.id === image.id ? found : undefined
  if (present === undefined) tx.images.add(imageRecord(image, layer), bigData)
  else replaceImage(tx, present, image, layer, bigData)
  const names = [...(image.names ?? []), ...(present?.names ?? [])]
  const stored = tx.images.get(image.id)
  return names.length === 0 ? stored : tx.images.replace(namedAnew(stored, names))
}

function replaceImage(
  tx: CommitTransaction,
  present: Image,
  image: NewImage,
  layer: LayerId | undefined,
  bigData: readonly BigDataItem[],
): void {
  if (present.layer !== layer) {
    const [had, wanted] = [present.layer ?? '', layer ?? '']
    throw new Fault({ code: 'image-layer-differs', image: image.id, present: had, wanted })
  }
  tx.images.replace({ ...present, ...defined({ metadata: image.metadata }) })
  for (const item of bigData) tx.images.putBigData(image.id, item)
}

/** Without its names: they are added afterwards, so that they enter the history (spec/store §5.5). */
export function imageRecord(image: NewImage, layer: LayerId | undefined): Image {
  return {
    id: image.id,
    names: [],
    namesHistory: image.namesHistory ?? [],
    mappedLayers: [],
    bigDataNames: [],
    bigDataSizes: {},
    bigDataDigests: {},
    created: image.created ?? now(),
    ...defined({ digest: image.digest, layer, metadata: image.metadata === '' ? undefined : image.metadata }),
    unknownFields: {},
  }
}
