import { copyFileSync, existsSync } from 'node:fs'
import {
  type Cancellable,
  type Container,
  type ContainerId,
  Fault,
  type IdMaps,
  type IdRange,
  type Image,
  type Layer,
  type LayerId,
  parseContainerId,
  parseLayerId,
} from '#model'
import type { StagedLayer } from '#parts/drivers'
import type { Readers, Transaction } from '#parts/records'
import { bigDataItem } from './big-data-item.ts'
import { conflictingRanges } from './conflicting-ranges.ts'
import { defined } from './defined.ts'
import { refuseTakenLayer } from './free-names.ts'
import { isMapped, mapFields, mapsOf, storedMaps } from './id-maps.ts'
import { randomId } from './layer-ids.ts'
import { layerRecord } from './layer-record.ts'
import { makeDurable } from './make-durable.ts'
import { now } from './now.ts'
import { type Foundation, foundationOf } from './foundation.ts'
import { openStagingRoom } from './staging-room.ts'
import type { Store } from './store.ts'

export interface ContainerToCreate {
  /** Default: random. */
  readonly id?: ContainerId
  readonly names?: readonly string[]
  /** Id, name or unique prefix of an id. Absent: a container of an empty tree. */
  readonly image?: string
  /** Of the container's own layer. Default: random. */
  readonly layer?: LayerId
  readonly metadata?: string
  /** Explicit maps are recorded; absent, those of the image's top layer hold; `host`: none. */
  readonly idMaps?: IdMaps | 'host'
  readonly mountLabel?: string
  readonly processLabel?: string
  readonly mountOptions?: readonly string[]
  /** Mounted without syncing. */
  readonly volatile?: boolean
  readonly storageOptions?: Readonly<Record<string, string>>
  readonly flags?: Readonly<Record<string, unknown>>
  readonly bigData?: readonly { readonly key: string; readonly bytes: Uint8Array }[]
}

/** What is staged for a container: its own layer and, where the maps want one, a re-owned copy of the image's top layer. */
interface StagedContainer {
  readonly layer: Layer
  readonly content: StagedLayer
  readonly copy: { readonly layer: Layer; readonly content: StagedLayer; readonly tarSplitPath?: string } | undefined
}

type CreateTransaction = Transaction<never, 'layers' | 'images' | 'containers'>

/**
 * A container and its writable layer on top of the image's (CreateContainer, spec/store §5.7, without automatic user namespaces).
 * Layer, container and, where the maps want one, a re-owned copy of the image's top layer come in one transaction.
 * @throws Fault `image-unknown`, `layer-unknown`, `id-in-use`, `name-in-use`, `maps-overlap`, `labels-incomplete`
 */
export async function createContainer(
  store: Store,
  container: ContainerToCreate = {},
  options: Cancellable = {},
): Promise<Container> {
  refuseHalfLabelled(container)
  refuseOverlaps(container.idMaps)
  const { image, foundation } = await store.transact(
    { read: ['layers', 'images', 'containers'] },
    (tx) => {
      refuseTakenContainer(tx, container)
      const found = container.image === undefined || container.image === '' ? undefined : tx.images.get(container.image)
      return { image: found, foundation: found && foundationOf(tx, found, store.driver, container.idMaps) }
    },
    options,
  )
  await using undo = new AsyncDisposableStack()
  const staged = await stageContainer(store, container, foundation, undo, options)
  await makeDurable(store, options)
  return await store.transact(
    { write: ['layers', 'images', 'containers'] },
    (tx) => commit(tx, container, image, staged),
    options,
  )
}

async function stageContainer(
  store: Store,
  container: ContainerToCreate,
  foundation: Foundation | undefined,
  undo: AsyncDisposableStack,
  options: Cancellable,
): Promise<StagedContainer> {
  const copy = foundation?.copyMaps && (await stageCopy(store, foundation, foundation.copyMaps, undo, options))
  const below = copy?.layer ?? foundation?.layer
  const id = container.layer ?? parseLayerId(randomId())
  const idMaps = storedMaps(store.driver, container.idMaps, below ?? {})
  const { mountLabel, storageOptions } = container
  const content = undo.use(
    await store.driver.stage(copy?.content ?? below?.id, {
      idMaps,
      purpose: 'container',
      ...defined({ mountLabel, storageOptions, signal: options.signal, idMapsBelow: below && mapsOf(below) }),
    }),
  )
  return { layer: layerRecord({ id, parent: below?.id, mountLabel, idMaps }), content, copy }
}

/** Everything is the template's but its owners (spec/store §6.5). */
async function stageCopy(
  store: Store,
  { layer: template, tarSplitPath: original }: Foundation,
  idMaps: IdMaps,
  undo: AsyncDisposableStack,
  options: Cancellable,
): Promise<NonNullable<StagedContainer['copy']>> {
  const how = { template: template.id, idMaps, idMapsBelow: mapsOf(template), ...defined({ signal: options.signal }) }
  const content = undo.use(await store.driver.stage(template.parent, how))
  const { uidMap: _u, gidMap: _g, ...rest } = template
  const layer: Layer = {
    ...rest,
    id: parseLayerId(randomId()),
    names: [],
    created: now(),
    bigDataNames: [],
    ...mapFields(idMaps),
    unknownFields: {},
  }
  if (!existsSync(original)) return { layer, content }
  const tarSplitPath = undo.use(await openStagingRoom(store)).path('tar-split.gz')
  copyFileSync(original, tarSplitPath)
  return { layer, content, tarSplitPath }
}

function commit(
  tx: CreateTransaction,
  container: ContainerToCreate,
  image: Image | undefined,
  { layer, content, copy }: StagedContainer,
): Container {
  refuseTakenContainer(tx, container)
  if (image !== undefined && copy !== undefined) {
    const { tarSplitPath } = copy
    tx.layers.add(copy.layer, { content: copy.content, ...defined({ tarSplitPath }) })
    const current = tx.images.get(image.id)
    tx.images.replace({ ...current, mappedLayers: [...current.mappedLayers, copy.layer.id] })
  }
  if (image !== undefined) tx.images.get(image.id)
  if (layer.parent !== undefined) tx.layers.get(layer.parent)
  tx.layers.add(layer, { content })
  return tx.containers.add(containerRecord(container, image, layer), (container.bigData ?? []).map(bigDataItem))
}

function containerRecord(container: ContainerToCreate, image: Image | undefined, layer: Layer): Container {
  const { idMaps, volatile, mountOptions, metadata } = container
  const labels = { MountLabel: container.mountLabel ?? '', ProcessLabel: container.processLabel ?? '' }
  return {
    id: container.id ?? parseContainerId(randomId()),
    names: container.names ?? [],
    layer: layer.id,
    bigDataNames: [],
    bigDataSizes: {},
    bigDataDigests: {},
    created: now(),
    ...defined({ image: image?.id, metadata }),
    ...mapFields(idMaps === undefined || idMaps === 'host' ? {} : idMaps),
    flags: {
      ...container.flags,
      ...labels,
      ...defined({ MountOpts: mountOptions }),
      ...(volatile === true && { Volatile: true }),
    },
    unknownFields: {},
  }
}

function refuseTakenContainer(tables: Pick<Readers, 'layers' | 'containers'>, container: ContainerToCreate): void {
  refuseTakenLayer(tables.layers, { id: container.layer })
  const { id } = container
  if (id !== undefined && tables.containers.find(id)?.id === id) {
    throw new Fault({ code: 'id-in-use', kind: 'container', id })
  }
  for (const name of container.names ?? []) {
    const owner = tables.containers.find(name)
    if (owner?.names.includes(name)) throw new Fault({ code: 'name-in-use', kind: 'container', name, owner: owner.id })
  }
}

function refuseHalfLabelled({ mountLabel, processLabel }: ContainerToCreate): void {
  if (((mountLabel ?? '') === '') !== ((processLabel ?? '') === '')) throw new Fault({ code: 'labels-incomplete' })
}

function refuseOverlaps(idMaps: ContainerToCreate['idMaps']): void {
  if (idMaps === undefined || idMaps === 'host' || !isMapped(idMaps)) return
  const conflicts: readonly IdRange[] = [
    ...conflictingRanges(idMaps.uids ?? []),
    ...conflictingRanges(idMaps.gids ?? []),
  ]
  if (conflicts.length === 0) return
  const ranges = conflicts.map((range) => `${range.containerId}:${range.hostId}:${range.size}`)
  throw new Fault({ code: 'maps-overlap', ranges })
}
