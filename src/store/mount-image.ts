import { Fault, type Image, type Layer } from '#model'
import type { Readers } from '#parts/records'
import { defined } from './defined.ts'
import { isMapped, mapsOf } from './id-maps.ts'
import { attachAndCount, type MountLayerOptions } from './mount-layer.ts'
import type { Store } from './store.ts'

export interface MountImageOptions extends MountLayerOptions {
  /** Mount option words; `rw` is refused. */
  readonly options?: readonly string[]
}

/**
 * Mounts an image's top layer read-only and counts it; `unmountImage` undoes it. Returns the host path of the tree.
 * @throws Fault `image-unknown`, `layer-unknown`, `mount-read-write`; `unsupported` where all its layers are stored under id maps
 */
export async function mountImage(store: Store, nameOrId: string, options: MountImageOptions = {}): Promise<string> {
  if (options.options?.includes('rw')) throw new Fault({ code: 'mount-read-write' })
  await using held = await store.holding({ read: ['images'], write: ['layers'] }, options)
  const layer = mountedLayerOf(held.tables, held.tables.images.get(nameOrId))
  if (isMapped(mapsOf(layer))) {
    throw new Fault({
      code: 'unsupported',
      what: 'mounting an image whose layers are stored under id maps',
      by: 'mount',
    })
  }
  const how = defined({ label: options.label, options: options.options })
  return await attachAndCount(store, held, layer, { ...how, access: 'read-only' })
}

/** The first mapped layer without maps, else the top layer (spec/store §5.4 UnmountImage). @throws Fault `layer-unknown` */
export function mountedLayerOf(tables: Pick<Readers, 'layers'>, image: Image): Layer {
  if (image.layer === undefined) throw new Fault({ code: 'layer-unknown', layer: '' })
  const top = tables.layers.get(image.layer)
  if (!isMapped(mapsOf(top))) return top
  const candidates = image.mappedLayers.map((id) => tables.layers.find(id))
  return candidates.find((layer) => layer !== undefined && !isMapped(mapsOf(layer))) ?? top
}
