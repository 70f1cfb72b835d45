import { type Container, type ContainerId, Fault, type ImageId, type LayerId } from '#model'
import type { BigDataItem } from './big-data.ts'
import { bigDataFile } from './big-data-file.ts'
import type { ContainersWriter } from './container-table.ts'
import { distinct, type Location, NamedRows, withoutName } from './named-rows.ts'
import type { Placement } from './placement.ts'
import type { RecordPaths } from './record-paths.ts'

export interface ContainerChanges {
  readonly removed: readonly ContainerId[]
  readonly placements: readonly Placement[]
  readonly files: ReadonlySet<Location>
}

/** The container table in memory. */
export class ContainerRows implements ContainersWriter {
  readonly #paths: RecordPaths
  readonly #rows = new NamedRows<Container>((container, name) => ({
    ...container,
    names: withoutName(container.names, name),
  }))
  #changes = noChanges()

  constructor(paths: RecordPaths) {
    this.#paths = paths
  }

  /** A row as a file has it. Undefined: the id is there already, and the later record is ignored (spec/store §2.6). */
  load(container: Container, location: Location): readonly Container[] | undefined {
    if (this.#rows.get(container.id) !== undefined) return undefined
    return this.#rows.put(
      container.names.length < 2 ? container : { ...container, names: distinct(container.names) },
      location,
    )
  }

  find(nameOrId: string): Container | undefined {
    const exact = this.#rows.find(nameOrId) ?? this.list().find((container) => container.layer === nameOrId)
    return exact ?? this.#rows.findByPrefix(nameOrId)
  }

  get(nameOrId: string): Container {
    const container = this.find(nameOrId)
    if (container === undefined) throw new Fault({ code: 'container-unknown', container: nameOrId })
    return container
  }

  list(): readonly Container[] {
    return this.#rows.list()
  }

  withLayer(layer: LayerId): Container | undefined {
    return this.list().find((container) => container.layer === layer)
  }

  withImage(image: ImageId): readonly Container[] {
    return this.list().filter((container) => container.image === image)
  }

  isVolatile(id: ContainerId): boolean {
    return this.#rows.locationOf(id) === 'volatile'
  }

  bigDataPath(id: ContainerId, key: string): string {
    return bigDataFile(this.#paths.containerData(this.#exactly(id).id), key)
  }

  add(container: Container, bigData: readonly BigDataItem[] = []): Container {
    const { id } = container
    if (this.#rows.get(id) !== undefined) throw new Fault({ code: 'id-in-use', kind: 'container', id })
    for (const name of container.names) this.#refuseUsedName(name)
    this.#put(container)
    for (const item of bigData) this.putBigData(id, item)
    return this.#exactly(id)
  }

  replace(container: Container): Container {
    this.#exactly(container.id)
    this.#put(container)
    return this.#exactly(container.id)
  }

  putBigData(id: ContainerId, item: BigDataItem): Container {
    if (item.key === '') throw new Fault({ code: 'big-data-name-empty', kind: 'container' })
    const container = this.#exactly(id)
    this.#changes.placements.push({ content: item.content, path: bigDataFile(this.#paths.containerData(id), item.key) })
    this.#put({
      ...container,
      bigDataNames: distinct([...container.bigDataNames, item.key]),
      bigDataSizes: { ...container.bigDataSizes, [item.key]: item.size },
      bigDataDigests: { ...container.bigDataDigests, [item.key]: item.digest },
    })
    return this.#exactly(id)
  }

  remove(id: ContainerId): void {
    this.#exactly(id)
    this.#changes.removed.push(id)
    this.#changes.files.add(this.#rows.locationOf(id))
    this.#rows.drop(id)
  }

  get hasChanges(): boolean {
    return this.#changes.files.size > 0 || this.#changes.placements.length > 0
  }

  takeChanges(): ContainerChanges {
    const changes = this.#changes
    this.#changes = noChanges()
    return changes
  }

  markForSaving(id: ContainerId): void {
    this.#changes.files.add(this.#rows.locationOf(id))
  }

  rowsIn(location: Location): readonly Container[] {
    return this.list().filter((container) => this.#rows.locationOf(container.id) === location)
  }

  #exactly(id: ContainerId): Container {
    const container = this.#rows.get(id)
    if (container === undefined) throw new Fault({ code: 'container-unknown', container: id })
    return container
  }

  #refuseUsedName(name: string): void {
    const owner = this.#rows.ownerOf(name)
    if (owner !== undefined) throw new Fault({ code: 'name-in-use', kind: 'container', name, owner: owner.id })
  }

  #put(container: Container): void {
    const unique = { ...container, names: distinct(container.names) }
    for (const touched of [unique, ...this.#rows.put(unique)]) {
      this.#changes.files.add(this.#rows.locationOf(touched.id))
    }
  }
}

interface MutableChanges extends ContainerChanges {
  readonly removed: ContainerId[]
  readonly placements: Placement[]
  readonly files: Set<Location>
}

function noChanges(): MutableChanges {
  return { removed: [], placements: [], files: new Set() }
}
