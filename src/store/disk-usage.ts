import type { Container, Image, Layer, LayerId, TaskOptions } from '#model'
import type { WholeStore } from './list-all.ts'
import { listAll } from './list-all.ts'
import { findLeftovers, type Leftover } from './leftovers.ts'
import { pathsOf } from './paths.ts'
import type { Store } from './store.ts'
import { treeSize } from './tree-size.ts'

export interface ImageUsage {
  readonly image: Image
  /** Bytes on disk of layers that no other image needs, and of its big data. */
  readonly unique: number
  /** Bytes on disk of layers that other images need too. */
  readonly shared: number
  readonly containers: number
}

export interface ContainerUsage {
  readonly container: Container
  /** Of its own layer and its directory. */
  readonly bytes: number
}

export interface StoreUsage {
  readonly images: readonly ImageUsage[]
  readonly containers: readonly ContainerUsage[]
  /** Layers that no image and no container refers to. */
  readonly unreferenced: readonly { readonly layer: LayerId; readonly bytes: number }[]
  /** What crashes left behind: content that no record knows, and temporary directories nobody holds. */
  readonly leftovers: readonly Leftover[]
  /** All of the above, every layer once. */
  readonly total: number
}

/** What lies on the disk and who needs it (`df`): bytes of files as drivers count them, hard links within a layer once. */
export async function diskUsage(store: Store, options: TaskOptions = {}): Promise<StoreUsage> {
  const whole = await listAll(store, options)
  const bytesOf = await layerBytes(store, whole.layers, options)
  const chains = chainsOf(whole)
  const data = pathsOf(store)
  const images: ImageUsage[] = []
  for (const image of whole.images)
    images.push(await imageUsage(image, whole, chains, bytesOf, data.imageData(image.id)))
  const containers: ContainerUsage[] = []
  for (const container of whole.containers) {
    const own = await treeSize(data.containerData(container.id))
    containers.push({ container, bytes: own + (bytesOf.get(container.layer) ?? 0) })
  }
  const unreferenced = whole.layers
    .filter((layer) => (chains.usersOf.get(layer.id)?.size ?? 0) === 0)
    .map((layer) => ({ layer: layer.id, bytes: bytesOf.get(layer.id) ?? 0 }))
  const leftovers = await findLeftovers(store, whole)
  const sharedOnce = whole.layers.filter((layer) => (chains.imagesOf.get(layer.id)?.size ?? 0) > 1)
  const total =
    sum(images.map((image) => image.unique)) +
    sum(sharedOnce.map((layer) => bytesOf.get(layer.id) ?? 0)) +
    sum([...containers, ...unreferenced, ...leftovers].map((item) => item.bytes))
  return { images, containers, unreferenced, leftovers, total }
}

async function layerBytes(
  store: Store,
  layers: readonly Layer[],
  options: TaskOptions,
): Promise<ReadonlyMap<LayerId, number>> {
  const bytes = new Map<LayerId, number>()
  for (const { id } of layers) {
    options.signal?.throwIfAborted()
    // A layer may be deleted while we look; then it takes no room.
    if (store.driver.exists(id)) bytes.set(id, (await store.driver.diskUsage(id, options)).bytes)
  }
  return bytes
}

/** Who needs a layer: itself or as something below. */
interface Chains {
  readonly imagesOf: ReadonlyMap<LayerId, ReadonlySet<string>>
  readonly usersOf: ReadonlyMap<LayerId, ReadonlySet<string>>
}

function chainsOf(whole: WholeStore): Chains {
  const layers = new Map(whole.layers.map((layer) => [layer.id, layer]))
  const imagesOf = new Map<LayerId, Set<string>>()
  const usersOf = new Map<LayerId, Set<string>>()
  const mark = (top: LayerId | undefined, user: string, in_: readonly Map<LayerId, Set<string>>[]): void => {
    const seen = new Set<LayerId>()
    for (let id = top; id !== undefined && !seen.has(id); id = layers.get(id)?.parent) {
      seen.add(id)
      for (const users of in_) users.set(id, (users.get(id) ?? new Set()).add(user))
    }
  }
  for (const image of whole.images) {
    for (const top of [image.layer, ...image.mappedLayers]) mark(top, image.id, [imagesOf, usersOf])
  }
  for (const container of whole.containers) mark(container.layer, container.id, [usersOf])
  return { imagesOf, usersOf }
}

async function imageUsage(
  image: Image,
  whole: WholeStore,
  chains: Chains,
  bytesOf: ReadonlyMap<LayerId, number>,
  data: string,
): Promise<ImageUsage> {
  let [unique, shared] = [await treeSize(data), 0]
  for (const { id } of whole.layers) {
    const users = chains.imagesOf.get(id)
    if (users?.has(image.id) !== true) continue
    if (users.size > 1) shared += bytesOf.get(id) ?? 0
    else unique += bytesOf.get(id) ?? 0
  }
  return { image, unique, shared, containers: whole.containers.filter(({ image: of }) => of === image.id).length }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
