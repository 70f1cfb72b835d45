import { join } from 'node:path'
import { type Cancellable, contentOf, type Image, type Layer, type LayerId } from '#model'
import type { Readers } from '#parts/records'
import { diffSize } from './changes.ts'
import { pathsOf } from './paths.ts'
import type { Store } from './store.ts'
import { treeSize } from './tree-size.ts'

/** Recorded bytes of the uncompressed tar; undefined where none are recorded. @throws Fault `layer-unknown` */
export async function layerSize(store: Store, layer: string, options: Cancellable = {}): Promise<number | undefined> {
  const record = await store.transact({ read: ['layers'] }, (tx) => tx.layers.get(layer), options)
  return recordedSize(record)
}

/** All layers reachable from the image's top layers, each once, and its big data (spec/store §5.6). @throws Fault `image-unknown`, `layer-unknown` */
export async function imageSize(store: Store, image: string, options: Cancellable = {}): Promise<number> {
  const { record, layers } = await store.transact(
    { read: ['layers', 'images'] },
    (tx) => {
      const found = tx.images.get(image)
      return { record: found, layers: layersUnder(tx, found) }
    },
    options,
  )
  let size = sum(Object.values(record.bigDataSizes))
  for (const layer of layers) size += recordedSize(layer) ?? (await diffSize(store, layer.id, options))
  return size
}

/** The container's own layer, its big data and its two directories. @throws Fault `container-unknown` */
export async function containerSize(store: Store, container: string, options: Cancellable = {}): Promise<number> {
  const record = await store.transact({ read: ['containers'] }, (tx) => tx.containers.get(container), options)
  const paths = pathsOf(store)
  const lasting = await treeSize(join(paths.containerData(record.id), 'userdata'))
  const running = await treeSize(join(paths.containerRunData(record.id), 'userdata'))
  const changed = await diffSize(store, record.layer, options)
  return changed + sum(Object.values(record.bigDataSizes)) + lasting + running
}

/** From the top layers down, each once. @throws Fault `layer-unknown` */
export function layersUnder(tables: Pick<Readers, 'layers'>, image: Image): readonly Layer[] {
  const layers = new Map<LayerId, Layer>()
  for (const top of [...(image.layer === undefined ? [] : [image.layer]), ...image.mappedLayers]) {
    for (let id: LayerId | undefined = top; id !== undefined && !layers.has(id);) {
      const layer: Layer = tables.layers.get(id)
      layers.set(id, layer)
      id = layer.parent
    }
  }
  return [...layers.values()]
}

function recordedSize(layer: Layer): number | undefined {
  const content = contentOf(layer)
  if (content.kind === 'none' || content.diffSize === undefined || content.diffSize < 0) return undefined
  return content.diffSize
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
