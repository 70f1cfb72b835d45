import { chownSync, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { TempDir, syncDirectory } from '#ground/files'
import { Fault, parseLayerId, rootOf, type Cancellable, type LayerId } from '#model'
import type { ApplyTarget, FileChange } from '#parts/changeset'
import { areSameMaps } from './same-maps.ts'
import { ConfinedFiles } from './confined-files.ts'
import { entriesOf } from './directory-entries.ts'
import { invalid } from './driver-options.ts'
import type {
  DiffFiles,
  DiffOptions,
  DiskUsage,
  Driver,
  Mount,
  MountOptions,
  Removal,
  StagedLayer,
  StageOptions,
} from './driver.ts'
import type { DriverPlace } from './overlay-context.ts'
import { makeRoot } from './root-directory.ts'
import { isRootless } from './rootless.ts'
import type { ComparedTrees } from './tree-diff.ts'
import { parseVfsOptions, type VfsOptions } from './vfs-options.ts'
import { VfsStagedLayer } from './vfs-staged-layer.ts'

/**
 * Layers as whole trees, each a copy of its parent with its own changes applied (spec/drivers §3): slow and large, and works
 * everywhere. Making it touches nothing.
 * @throws Fault `driver-option-invalid`
 */
export function createVfsDriver(place: DriverPlace): Driver {
  return new VfsDriver(place)
}

class VfsDriver implements Driver {
  readonly name = 'vfs'
  readonly copiesParent = true
  readonly home: string
  readonly tempRoots: readonly string[]
  readonly #options: VfsOptions
  /** `HOME/dir`, then the same of further stores. */
  readonly #layers: string
  readonly #places: readonly string[]

  constructor(place: DriverPlace) {
    this.#options = parseVfsOptions(place.options ?? [])
    this.home = path.join(place.graphRoot, 'vfs')
    this.tempRoots = [path.join(this.home, 'tempdirs')]
    this.#layers = path.join(this.home, 'dir')
    this.#places = [this.#layers, ...this.additionalImageStores.map((store) => path.join(store, 'vfs', 'dir'))]
  }

  get additionalImageStores(): readonly string[] {
    return this.#options.additionalImageStores
  }

  async prepare(): Promise<void> {
    mkdirSync(this.#layers, { recursive: true, mode: 0o700 })
  }

  async stage(parent: LayerId | StagedLayer | undefined, options: StageOptions = {}): Promise<StagedLayer> {
    if (Object.keys(options.storageOptions ?? {}).length > 0) throw invalid('--storage-opt is not supported for vfs')
    const source = this.#directoryBelow(options.template ?? parent)
    await this.prepare()
    const temp = TempDir.create(path.join(this.home, 'tempdirs'))
    try {
      const addition = temp.stageAddition()
      await fill(addition.path, source, options)
      const target = this.#targetIn(addition.path, options)
      return new VfsStagedLayer({ parent, target, layers: this.#layers, temp, addition })
    } catch (error) {
      await temp.cleanup()
      throw error
    }
  }

  targetOf(id: LayerId, options: Pick<StageOptions, 'idMaps'> = {}): ApplyTarget {
    const directory = this.#get(id)
    if (path.dirname(directory) === this.#layers) return this.#targetIn(directory, options)
    throw new Fault({ code: 'store-read-only', action: 'change a layer', path: directory })
  }

  exists(id: LayerId): boolean {
    return this.#find(id) !== undefined
  }

  async *list(): AsyncIterable<LayerId> {
    for (const entry of entriesOf(this.#layers)) {
      if (entry.isDirectory() && Buffer.byteLength(entry.name) <= 240) yield parseLayerId(entry.name)
    }
  }

  async mount(id: LayerId, options: MountOptions): Promise<Mount> {
    if ((options.options ?? []).some((word) => word !== 'ro')) {
      throw invalid('vfs driver does not support mount options')
    }
    return { kind: 'directory', path: this.#get(id) }
  }

  async attach(mount: Mount): Promise<string> {
    if (mount.kind === 'directory') return mount.path
    throw new Fault({ code: 'unsupported', what: `a mount at ${mount.mountpoint}`, by: 'vfs' })
  }

  isAttached(): Promise<boolean> {
    return Promise.resolve(false)
  }

  detach(): Promise<void> {
    return Promise.resolve()
  }

  // Reading and writing archives is much code, and most programs only look at records: it is loaded when it is used.
  async *changes(id: LayerId, options: DiffOptions = {}): AsyncIterable<FileChange> {
    const { treeChanges } = await import('./tree-diff.ts')
    yield* treeChanges(this.#comparedTrees(id, options), options)
  }

  async *diff(id: LayerId, options: DiffOptions = {}): AsyncIterable<Uint8Array> {
    const { treeDiff } = await import('./tree-diff.ts')
    yield* treeDiff(this.#comparedTrees(id, options), options)
  }

  async diffSize(id: LayerId, options: DiffOptions = {}): Promise<number> {
    const { treeDiffSize } = await import('./tree-diff.ts')
    return await treeDiffSize(this.#comparedTrees(id, options), options)
  }

  async openDiffFiles(id: LayerId): Promise<DiffFiles> {
    return new ConfinedFiles([this.#get(id)])
  }

  directoriesOf(id: LayerId): readonly string[] {
    return [this.#get(id)]
  }

  remove(id: LayerId): Removal {
    const directory = path.join(this.#layers, id)
    if (statSync(directory, { throwIfNoEntry: false }) === undefined) return { finish: () => Promise.resolve() }
    const temp = TempDir.create(path.join(this.home, 'tempdirs'))
    temp.stageDeletion(directory)
    return { finish: () => temp.cleanup() }
  }

  sync(): void {
    if (statSync(this.#layers, { throwIfNoEntry: false }) !== undefined) syncDirectory(this.#layers)
  }

  supportsShifting(): boolean {
    return false
  }

  async diskUsage(id: LayerId, options: Cancellable = {}): Promise<DiskUsage> {
    const { directoryUsage } = await import('#parts/changeset')
    return await directoryUsage(this.#get(id), options)
  }

  metadata(): undefined {
    return undefined
  }

  status(): Promise<readonly (readonly [key: string, value: string])[]> {
    return Promise.resolve([])
  }

  shutdown(): Promise<void> {
    return Promise.resolve()
  }

  #find(id: LayerId): string | undefined {
    return this.#places
      .map((place) => path.join(place, id))
      .find((directory) => statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true)
  }

  #get(id: LayerId): string {
    const directory = this.#find(id)
    if (directory === undefined) throw new Fault({ code: 'layer-unknown', layer: id })
    return directory
  }

  // A copy does not tell what it was copied from: without a parent all of it is added.
  #comparedTrees(id: LayerId, { parent }: DiffOptions): ComparedTrees {
    return { tree: this.#get(id), before: parent === undefined ? undefined : this.#get(parent) }
  }

  #directoryBelow(parent: LayerId | StagedLayer | undefined): string | undefined {
    if (parent === undefined) return undefined
    if (typeof parent === 'string') return this.#get(parent)
    if (parent instanceof VfsStagedLayer) return parent.directory
    throw new Fault({ code: 'unsupported', what: 'a layer that another driver staged', by: 'vfs' })
  }

  #targetIn(directory: string, options: Pick<StageOptions, 'idMaps'>): ApplyTarget {
    return {
      directory,
      semantics: 'unpack-layer',
      ignoreChownErrors: this.#options.ignoreChownErrors,
      inUserNamespace: isRootless(),
      ...(options.idMaps === undefined ? {} : { idMaps: options.idMaps }),
    }
  }
}

async function fill(directory: string, source: string | undefined, options: StageOptions): Promise<void> {
  const to = options.idMaps ?? {}
  const root = { uid: rootOf(to.uids), gid: rootOf(to.gids) }
  makeRoot(directory, { ...root, mode: 0o555 })
  if (source === undefined) return
  const { chownByMaps, copyTree } = await import('#parts/changeset')
  await copyTree(source, directory, { ...options, rights: isRootless() ? 'user' : 'root' })
  const from = options.idMapsBelow
  if (from === undefined || areSameMaps(from, to)) return
  await chownByMaps(directory, { from, to }, options)
  chownSync(directory, root.uid, root.gid)
}
