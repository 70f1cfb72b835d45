import { type Digest, digestsOf, Fault, type Image, type ImageId, type LayerId } from '#model'
import type { BigDataItem } from './big-data.ts'
import { bigDataFile } from './big-data-file.ts'
import type { ImagesWriter } from './image-table.ts'
import { distinct, NamedRows, withoutName } from './named-rows.ts'
import type { Placement } from './placement.ts'
import type { RecordPaths } from './record-paths.ts'

export interface ImageChanges {
  readonly removed: readonly ImageId[]
  readonly placements: readonly Placement[]
  readonly changed: boolean
}

/** The image table in memory. */
export class ImageRows implements ImagesWriter {
  readonly #paths: RecordPaths
  readonly #rows = new NamedRows<Image>((image, name) => ({ ...image, names: withoutName(image.names, name) }))
  #changes = noChanges()

  constructor(paths: RecordPaths) {
    this.#paths = paths
  }

  /** A row as the file has it; returns those that lost a name to it. */
  load(image: Image): readonly Image[] {
    return this.#rows.put(withFixedDigest({ ...image, names: distinct(image.names) }))
  }

  find(nameOrId: string): Image | undefined {
    return this.#rows.find(nameOrId) ?? this.#rows.findByPrefix(nameOrId)
  }

  get(nameOrId: string): Image {
    const image = this.find(nameOrId)
    if (image === undefined) throw new Fault({ code: 'image-unknown', image: nameOrId })
    return image
  }

  list(): readonly Image[] {
    return this.#rows.list()
  }

  withDigest(digest: Digest): readonly Image[] {
    return this.list().filter((image) => digestsOf(image).includes(digest))
  }

  withTopLayer(layer: LayerId): readonly Image[] {
    return this.list().filter((image) => image.layer === layer || image.mappedLayers.includes(layer))
  }

  bigDataPath(id: ImageId, key: string): string {
    const image = this.#exactly(id)
    if (!image.bigDataNames.includes(key)) throw new Fault({ code: 'big-data-unknown', kind: 'image', id, key })
    return bigDataFile(this.#paths.imageData(id), key)
  }

  add(image: Image, bigData: readonly BigDataItem[] = []): Image {
    if (this.#rows.get(image.id) !== undefined) throw new Fault({ code: 'id-in-use', kind: 'image', id: image.id })
    for (const name of image.names) this.#refuseUsedName(name)
    this.#put(image)
    for (const item of bigData) this.putBigData(image.id, item)
    return this.#exactly(image.id)
  }

  replace(image: Image): Image {
    this.#exactly(image.id)
    this.#put(image)
    return this.#exactly(image.id)
  }

  putBigData(id: ImageId, item: BigDataItem): Image {
    if (item.key === '') throw new Fault({ code: 'big-data-name-empty', kind: 'image' })
    const image = this.#exactly(id)
    this.#changes.placements.push({ content: item.content, path: bigDataFile(this.#paths.imageData(id), item.key) })
    this.#put({
      ...image,
      bigDataNames: distinct([...image.bigDataNames, item.key]),
      bigDataSizes: { ...image.bigDataSizes, [item.key]: item.size },
      bigDataDigests: { ...image.bigDataDigests, [item.key]: item.digest },
    })
    return this.#exactly(id)
  }

  remove(id: ImageId): void {
    this.#exactly(id)
    this.#changes.removed.push(id)
    this.#changes.changed = true
    this.#rows.drop(id)
  }

  get hasChanges(): boolean {
    return this.#changes.changed || this.#changes.placements.length > 0
  }

  takeChanges(): ImageChanges {
    const changes = this.#changes
    this.#changes = noChanges()
    return changes
  }

  markForSaving(): void {
    this.#changes.changed = true
  }

  #exactly(id: ImageId): Image {
    const image = this.#rows.get(id)
    if (image === undefined) throw new Fault({ code: 'image-unknown', image: id })
    return image
  }

  #refuseUsedName(name: string): void {
    const owner = this.#rows.ownerOf(name)
    if (owner !== undefined) throw new Fault({ code: 'name-in-use', kind: 'image', name, owner: owner.id })
  }

  #put(image: Image): void {
    this.#rows.put(withFixedDigest({ ...image, names: distinct(image.names) }))
    this.#changes.changed = true
  }
}

/** The first digest an image gets is its own for ever, though a later manifest has another (spec/store §2.4). */
function withFixedDigest(image: Image): Image {
  const digest = image.digest ?? digestsOf(image)[0]
  return digest === undefined ? image : { ...image, digest }
}

interface MutableChanges extends ImageChanges {
  readonly removed: ImageId[]
  readonly placements: Placement[]
  changed: boolean
}

function noChanges(): MutableChanges {
  return { removed: [], placements: [], changed: false }
}
