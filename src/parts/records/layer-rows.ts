import { type BlobDigest, type DiffId, Fault, type Layer, type LayerId, type TocDigest } from '#model'
import type { BigDataItem } from './big-data.ts'
import { bigDataFile } from './big-data-file.ts'
import { LayerIndex } from './layer-index.ts'
import type { LayerAdditions, LayerMount, LayersWriter, StagedContent } from './layer-table.ts'
import { distinct, type Location, NamedRows, withoutName } from './named-rows.ts'
import type { Placement } from './placement.ts'
import type { RecordPaths } from './record-paths.ts'

/** What a transaction did to the layers and has to be carried out on disk. */
export interface LayerChanges {
  readonly added: readonly { readonly id: LayerId; readonly content: StagedContent | undefined }[]
  readonly removed: readonly { readonly layer: Layer; readonly location: Location }[]
  readonly placements: readonly Placement[]
  readonly files: ReadonlySet<Location>
  readonly mounts: boolean
}

/** The layer table in memory: what readers read, and what a writer changes before anything is saved. */
export class LayerRows implements LayersWriter {
  readonly #paths: RecordPaths
  readonly #rows = new NamedRows<Layer>((layer, name) => ({ ...layer, names: withoutName(layer.names, name) }))
  readonly #mounts = new Map<LayerId, LayerMount>()
  readonly #compressed = new LayerIndex((layer) => layer.compressedDigest)
  readonly #diffIds = new LayerIndex((layer) => layer.diffId)
  readonly #tocs = new LayerIndex((layer) => layer.tocDigest)
  readonly #children = new LayerIndex((layer) => layer.parent)
  #changes = noChanges()

  constructor(paths: RecordPaths) {
    this.#paths = paths
  }

  /** A row as a file has it. False: the id is there already, and the later record is ignored (spec/store §2.6). */
  load(layer: Layer, location: Location): readonly Layer[] | undefined {
    if (this.#rows.get(layer.id) !== undefined) return undefined
    return this.#rows.put(layer.names.length < 2 ? layer : { ...layer, names: distinct(layer.names) }, location)
  }

  loadMounts(mounts: ReadonlyMap<LayerId, LayerMount>): void {
    this.#mounts.clear()
    for (const [id, mount] of mounts) this.#mounts.set(id, mount)
  }

  find(nameOrId: string): Layer | undefined {
    return this.#rows.find(nameOrId) ?? this.#rows.findByPrefix(nameOrId)
  }

  get(nameOrId: string): Layer {
    const layer = this.find(nameOrId)
    if (layer === undefined) throw new Fault({ code: 'layer-unknown', layer: nameOrId })
    return layer
  }

  list(): readonly Layer[] {
    return this.#rows.list()
  }

  withCompressedDigest(digest: BlobDigest): readonly Layer[] {
    return this.#compressed.get(digest, () => this.list())
  }

  withDiffId(diffId: DiffId): readonly Layer[] {
    return this.#diffIds.get(diffId, () => this.list())
  }

  withTocDigest(digest: TocDigest): readonly Layer[] {
    return this.#tocs.get(digest, () => this.list())
  }

  childrenOf(id: LayerId): readonly Layer[] {
    return this.#children.get(id, () => this.list())
  }

  mountOf(id: LayerId): LayerMount | undefined {
    return this.#mounts.get(id)
  }

  isVolatile(id: LayerId): boolean {
    return this.#rows.locationOf(id) === 'volatile'
  }

  tarSplitPath(id: LayerId): string {
    return this.#paths.tarSplit(id)
  }

  bigDataPath(id: LayerId, key: string): string {
    const layer = this.#exactly(id)
    if (!layer.bigDataNames.includes(key)) throw new Fault({ code: 'big-data-unknown', kind: 'layer', id, key })
    return bigDataFile(this.#paths.layerData(id), key)
  }

  add(layer: Layer, additions: LayerAdditions = {}): Layer {
    if (this.#rows.get(layer.id) !== undefined) throw new Fault({ code: 'id-in-use', kind: 'layer', id: layer.id })
    for (const name of layer.names) this.#refuseUsedName(name)
    this.#put({ ...layer, names: distinct(layer.names) })
    this.#changes.added.push({ id: layer.id, content: additions.content })
    this.#placeTarSplit(layer.id, additions.tarSplitPath)
    for (const item of additions.bigData ?? []) this.putBigData(layer.id, item)
    return this.#exactly(layer.id)
  }

  replace(layer: Layer, additions: Pick<LayerAdditions, 'tarSplitPath'> = {}): Layer {
    this.#exactly(layer.id)
    this.#put({ ...layer, names: distinct(layer.names) })
    this.#placeTarSplit(layer.id, additions.tarSplitPath)
    return this.#exactly(layer.id)
  }

  putBigData(id: LayerId, item: BigDataItem): Layer {
    if (item.key === '') throw new Fault({ code: 'big-data-name-empty', kind: 'layer' })
    const layer = this.#exactly(id)
    this.#changes.placements.push({
      content: item.content,
      path: bigDataFile(this.#paths.layerData(id), item.key),
    })
    if (!layer.bigDataNames.includes(item.key)) {
      this.#put({ ...layer, bigDataNames: [...layer.bigDataNames, item.key] })
    }
    return this.#exactly(id)
  }

  remove(id: LayerId): void {
    const layer = this.#exactly(id)
    const location = this.#rows.locationOf(id)
    this.#changes.removed.push({ layer, location })
    this.#changes.files.add(location)
    if (this.#mounts.delete(id)) this.#changes.mounts = true
    this.#rows.drop(id)
    this.#forgetIndexes()
  }

  setMount(id: LayerId, mount: LayerMount | undefined): void {
    this.#exactly(id)
    if (mount === undefined) this.#mounts.delete(id)
    else this.#mounts.set(id, mount)
    this.#changes.mounts = true
  }

  get hasChanges(): boolean {
    const { added, removed, placements, files, mounts } = this.#changes
    return added.length + removed.length + placements.length + files.size > 0 || mounts
  }

  /** What was done since the last time, to be carried out now. */
  takeChanges(): LayerChanges {
    const changes = this.#changes
    this.#changes = noChanges()
    return changes
  }

  /** For a repair that is found necessary while loading: the file of this row has to be written. */
  markForSaving(id: LayerId): void {
    this.#changes.files.add(this.#rows.locationOf(id))
  }

  rowsIn(location: Location): readonly Layer[] {
    return this.list().filter((layer) => this.#rows.locationOf(layer.id) === location)
  }

  mounts(): readonly { readonly layer: LayerId; readonly path: string; readonly count: number }[] {
    return this.list().flatMap(({ id }) => {
      const mount = this.#mounts.get(id)
      return mount === undefined ? [] : [{ layer: id, path: mount.path, count: mount.count }]
    })
  }

  #exactly(id: LayerId): Layer {
    const layer = this.#rows.get(id)
    if (layer === undefined) throw new Fault({ code: 'layer-unknown', layer: id })
    return layer
  }

  #refuseUsedName(name: string): void {
    const owner = this.#rows.ownerOf(name)
    if (owner !== undefined) throw new Fault({ code: 'name-in-use', kind: 'layer', name, owner: owner.id })
  }

  #put(layer: Layer): void {
    for (const touched of [layer, ...this.#rows.put(layer)]) this.#changes.files.add(this.#rows.locationOf(touched.id))
    this.#forgetIndexes()
  }

  #placeTarSplit(id: LayerId, path: string | undefined): void {
    if (path === undefined) return
    this.#changes.placements.push({ content: { kind: 'file', path }, path: this.#paths.tarSplit(id) })
  }

  #forgetIndexes(): void {
    for (const index of [this.#compressed, this.#diffIds, this.#tocs, this.#children]) index.forget()
  }
}

interface MutableChanges extends LayerChanges {
  readonly added: { readonly id: LayerId; readonly content: StagedContent | undefined }[]
  readonly removed: { readonly layer: Layer; readonly location: Location }[]
  readonly placements: Placement[]
  readonly files: Set<Location>
  mounts: boolean
}

function noChanges(): MutableChanges {
  return { added: [], removed: [], placements: [], files: new Set(), mounts: false }
}
