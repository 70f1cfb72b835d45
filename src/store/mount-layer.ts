import { type Cancellable, type Container, Fault, type IdMaps, type Layer } from '#model'
import type { MountOptions } from '#parts/drivers'
import type { Held, Readers } from '#parts/records'
import { defined } from './defined.ts'
import { isMapped, mapsOf, sameMaps } from './id-maps.ts'
import type { Store } from './store.ts'

export interface MountLayerOptions extends Cancellable {
  /** SELinux label. Default: the layer's. */
  readonly label?: string
}

/**
 * Mounts a container (by its id or name) or a layer, for writing, and counts it (spec/store §5.4 Mounting). Returns the host path of
 * the tree. Mounting what is mounted counts up and returns the same path. It stays mounted after this process.
 * @throws Fault `layer-unknown`, `shifting-unsupported`, and as `driver.mount`
 */
export async function mountLayer(store: Store, nameOrId: string, options: MountLayerOptions = {}): Promise<string> {
  await using held = await store.holding({ read: ['containers'], write: ['layers'] }, options)
  const { layer, container } = mountable(held.tables, nameOrId)
  const how = container === undefined ? layerMount() : containerMount(container)
  if (how.idMaps !== undefined) refuseShifting(store, layer, how.idMaps)
  return await attachAndCount(store, held, layer, { ...how, ...defined({ label: options.label }) })
}

/** A container stands for its layer; what it says about mounting holds. @throws Fault `layer-unknown` */
export function mountable(
  tables: Pick<Readers, 'layers' | 'containers'>,
  nameOrId: string,
): { readonly layer: Layer; readonly container: Container | undefined } {
  const container = tables.containers.find(nameOrId)
  return { layer: tables.layers.get(container?.layer ?? nameOrId), container }
}

/** Under the lock of the layers, which is why it may be slow there: nobody can detach it in between. */
export async function attachAndCount(
  store: Store,
  held: Held<'containers' | 'images', 'layers'> | Held<'containers', 'layers'> | Held<'images', 'layers'>,
  layer: Layer,
  how: Omit<MountOptions, 'signal'>,
): Promise<string> {
  const before = held.tables.layers.mountOf(layer.id)
  const isThere = before !== undefined && (await store.driver.isAttached(layer.id))
  const label = how.label === undefined || how.label === '' ? layer.mountLabel : how.label
  const path = isThere
    ? before.path
    : await store.driver.attach(await store.driver.mount(layer.id, { ...how, ...defined({ label }) }))
  // A count that outlived its mount (a reboot that kept the run root) is counted on, as the original does.
  held.transact((tx) => tx.layers.setMount(layer.id, { path, count: (before?.count ?? 0) + 1 }))
  return path
}

function layerMount(): Omit<MountOptions, 'signal'> {
  return { access: 'read-write' }
}

function containerMount(container: Container): Omit<MountOptions, 'signal'> {
  const maps = mapsOf(container)
  const words = container.flags?.['MountOpts']
  const options = Array.isArray(words) ? words.filter((word) => typeof word === 'string') : []
  return {
    access: 'read-write',
    volatile: container.flags?.['Volatile'] === true,
    ...(options.length > 0 && { options }),
    ...(isMapped(maps) && { idMaps: maps }),
  }
}

function refuseShifting(store: Store, layer: Layer, maps: IdMaps): void {
  if (store.driver.supportsShifting(maps) || sameMaps(maps, mapsOf(layer))) return
  throw new Fault({ code: 'shifting-unsupported', layer: layer.id })
}
