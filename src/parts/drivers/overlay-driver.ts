import path from 'node:path'
import { TempDir, syncDirectory } from '#ground/files'
import { statfs } from '#ground/sys'
import type { Cancellable, LayerId } from '#model'
import type { ApplyTarget, FileChange } from '#parts/changeset'
import { ConfinedFiles } from './confined-files.ts'
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
import { fileSystemName } from './file-system-names.ts'
import { overlayContext, type DriverPlace, type OverlayContext } from './overlay-context.ts'
import type { OverlayDiffs } from './overlay-diffs.ts'
import { isThere, ownDirectories } from './overlay-layers.ts'
import { linkOfLayer } from './overlay-links.ts'
import { isLayerDirectoryName } from './overlay-names.ts'
import { OverlayMounts } from './overlay-mounts.ts'
import { OverlayStaging } from './overlay-staging.ts'

/**
 * Layers as directories that the kernel puts on top of each other (spec/drivers §4). Making it touches nothing; what it needs
 * to stage or to mount is prepared when that is first asked for.
 * @throws Fault `driver-option-invalid`
 */
export function createOverlayDriver(place: DriverPlace): Driver {
  return new OverlayDriver(overlayContext(place))
}

class OverlayDriver implements Driver {
  readonly name = 'overlay'
  readonly copiesParent = false
  readonly #context: OverlayContext
  readonly #mounts: OverlayMounts
  readonly #staging: OverlayStaging

  constructor(context: OverlayContext) {
    this.#context = context
    this.#mounts = new OverlayMounts(context)
    this.#staging = new OverlayStaging(context, this.#mounts)
  }

  get home(): string {
    return this.#context.home
  }

  get additionalImageStores(): readonly string[] {
    return this.#context.options.additionalImageStores
  }

  get tempRoots(): readonly string[] {
    return [this.#context.tempRoot]
  }

  async prepare(): Promise<void> {
    await this.#context.preparation.prepare()
  }

  async stage(parent: LayerId | StagedLayer | undefined, options: StageOptions = {}): Promise<StagedLayer> {
    return await this.#staging.stage(parent, options)
  }

  targetOf(id: LayerId, options: Pick<StageOptions, 'idMaps'> = {}): ApplyTarget {
    return this.#staging.targetIn(this.#context.layers.getOwn(id).directory, options.idMaps)
  }

  exists(id: LayerId): boolean {
    return this.#context.layers.find(id) !== undefined
  }

  async *list(): AsyncIterable<LayerId> {
    yield* this.#context.layers.list()
  }

  async mount(id: LayerId, options: MountOptions): Promise<Mount> {
    return await this.#mounts.plan(id, options)
  }

  async attach(mount: Mount): Promise<string> {
    return mount.kind === 'directory' ? mount.path : this.#mounts.attach(mount)
  }

  async isAttached(id: LayerId): Promise<boolean> {
    return this.#mounts.isAttached(id)
  }

  async detach(id: LayerId): Promise<void> {
    this.#mounts.detach(id)
  }

  async *changes(id: LayerId, options: DiffOptions = {}): AsyncIterable<FileChange> {
    yield* (await this.#diffs()).changes(id, options)
  }

  async *diff(id: LayerId, options: DiffOptions = {}): AsyncIterable<Uint8Array> {
    yield* (await this.#diffs()).diff(id, options)
  }

  async diffSize(id: LayerId, options: DiffOptions = {}): Promise<number> {
    return await (await this.#diffs()).size(id, options)
  }

  async openDiffFiles(id: LayerId): Promise<DiffFiles> {
    return new ConfinedFiles(this.directoriesOf(id))
  }

  directoriesOf(id: LayerId): readonly string[] {
    const place = this.#context.layers.get(id)
    const lowers = this.#context.layers.lowersOf(place)
    return [place, ...lowers].flatMap(({ directory }) => ownDirectories(directory))
  }

  remove(id: LayerId): Removal {
    const directory = path.join(this.home, id)
    if (!isLayerDirectoryName(id) || !isThere(directory)) return nothingRemoved
    const link = linkOfLayer(this.home, id)
    const temp = TempDir.create(this.#context.tempRoot)
    if (link !== undefined) temp.stageDeletion(link)
    temp.stageDeletion(directory)
    return { finish: () => temp.cleanup() }
  }

  sync(): void {
    for (const directory of [path.join(this.home, 'l'), this.home]) {
      if (isThere(directory)) syncDirectory(directory)
    }
  }

  supportsShifting(): boolean {
    return false
  }

  async diskUsage(id: LayerId, options: Cancellable = {}): Promise<DiskUsage> {
    const { directoryUsage } = await import('#parts/changeset')
    return await directoryUsage(path.join(this.#context.layers.get(id).directory, 'diff'), options)
  }

  metadata(id: LayerId): Readonly<Record<string, string>> | undefined {
    const place = this.#context.layers.find(id)
    if (place === undefined) return undefined
    const lowers = this.#context.layers.lowersOf(place).map(({ directory }) => path.join(directory, 'diff'))
    return {
      WorkDir: path.join(place.directory, 'work'),
      MergedDir: path.join(place.directory, 'merged'),
      UpperDir: path.join(place.directory, 'diff'),
      ...(lowers.length === 0 ? {} : { LowerDir: lowers.join(':') }),
    }
  }

  async status(): Promise<readonly (readonly [key: string, value: string])[]> {
    const { features, preparation, graphRoot } = this.#context
    await preparation.prepare()
    return [
      ['Backing Filesystem', fileSystemName(statfs(graphRoot).type)],
      ['Supports d_type', 'true'],
      ['Native Overlay Diff', String(await features.nativeDiff())],
      ['Using metacopy', String(await features.metacopy())],
      ['Supports shifting', String(this.supportsShifting())],
      ['Supports volatile', String(await features.volatile())],
    ]
  }

  async shutdown(): Promise<void> {
    this.#context.preparation.release()
  }

  // Reading and writing archives is much code, and most programs only look at records.
  async #diffs(): Promise<OverlayDiffs> {
    const { OverlayDiffs } = await import('./overlay-diffs.ts')
    return new OverlayDiffs(this.#context, this.#mounts)
  }
}

const nothingRemoved: Removal = { finish: () => Promise.resolve() }
