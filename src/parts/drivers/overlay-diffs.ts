import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { TempDir } from '#ground/files'
import type { LayerId } from '#model'
import { directoryUsage, exportTree, overlayChanges, type FileChange } from '#parts/changeset'
import type { DiffOptions } from './driver.ts'
import { detachMount } from './mount-points.ts'
import type { OverlayContext } from './overlay-context.ts'
import { ownDirectories, rotatedDirectories, type FoundLayer, type Lower } from './overlay-layers.ts'
import type { OverlayMounts } from './overlay-mounts.ts'
import { treeChanges, treeDiff, treeDiffSize, withSignal, type ComparedTrees } from './tree-diff.ts'

/** A directory whose entries are all that a layer changes in those below it, top first. */
interface OwnChanges {
  readonly upper: string
  readonly lowers: readonly string[]
}

interface MountedTrees extends ComparedTrees, AsyncDisposable {}

/**
 * What a layer changes (spec/drivers §4.17). Against the layer directly below, its own directory tells, where the kernel keeps
 * it to that; else both trees are mounted for the time being, at places of their own, and compared.
 */
export class OverlayDiffs {
  readonly #context: OverlayContext
  readonly #mounts: OverlayMounts

  constructor(context: OverlayContext, mounts: OverlayMounts) {
    this.#context = context
    this.#mounts = mounts
  }

  async *changes(id: LayerId, options: DiffOptions): AsyncIterable<FileChange> {
    const own = await this.#ownChanges(id, options)
    if (own !== undefined) {
      const overlayXattrs = this.#overlayXattrs()
      yield* overlayChanges(own.upper, own.lowers, { ...withSignal(options), overlayXattrs })
      return
    }
    await using trees = await this.#mountTrees(id, options)
    yield* treeChanges(trees, options)
  }

  async *diff(id: LayerId, options: DiffOptions): AsyncIterable<Uint8Array> {
    const own = await this.#ownChanges(id, options)
    if (own !== undefined) {
      const { idMaps } = options
      const overlay = { lowers: own.lowers, xattrs: this.#overlayXattrs() }
      yield* exportTree(own.upper, { ...withSignal(options), idMaps, overlay })
      return
    }
    await using trees = await this.#mountTrees(id, options)
    yield* treeDiff(trees, options)
  }

  async size(id: LayerId, options: DiffOptions): Promise<number> {
    const own = await this.#ownChanges(id, options)
    if (own !== undefined) return (await directoryUsage(own.upper, options)).bytes
    await using trees = await this.#mountTrees(id, options)
    return await treeDiffSize(trees, options)
  }

  #overlayXattrs(): 'trusted' | 'user' {
    return this.#context.rootless ? 'user' : 'trusted'
  }

  async #ownChanges(id: LayerId, options: DiffOptions): Promise<OwnChanges | undefined> {
    const { layers, features, preparation } = this.#context
    const place = layers.get(id)
    const lowers = layers.lowersOf(place)
    // What a change of id maps has moved aside is a part of the layer that its own directory does not show.
    if (rotatedDirectories(place.directory).length > 0 || !this.#isDirectlyBelow(lowers, options.parent))
      return undefined
    await preparation.prepare()
    if (!(await features.nativeDiff())) return undefined
    return {
      upper: path.join(place.directory, 'diff'),
      lowers: lowers.flatMap(({ directory }) => ownDirectories(directory)),
    }
  }

  #isDirectlyBelow(lowers: readonly Lower[], parent: LayerId | undefined): boolean {
    return parent === undefined || lowers[0]?.directory === this.#context.layers.get(parent).directory
  }

  async #mountTrees(id: LayerId, options: DiffOptions): Promise<MountedTrees> {
    const place = this.#context.layers.get(id)
    const before = options.parent ?? this.#idBelow(place)
    await using undo = new AsyncDisposableStack()
    const temp = undo.use(TempDir.create(this.#context.tempRoot))
    const trees = {
      tree: await this.#mountTree(place, temp, undo),
      before: before && (await this.#mountTree(this.#context.layers.get(before), temp, undo)),
    }
    const kept = undo.move()
    return { ...trees, [Symbol.asyncDispose]: () => kept.disposeAsync() }
  }

  #idBelow(place: FoundLayer): LayerId | undefined {
    const [below] = this.#context.layers.lowersOf(place)
    return below?.id
  }

  async #mountTree(place: FoundLayer, temp: TempDir, undo: AsyncDisposableStack): Promise<string> {
    const attached = this.#mounts.attachedAt(place)
    if (attached !== undefined) return attached
    const mountpoint = temp.stageAddition().path
    mkdirSync(mountpoint, { mode: 0o700 })
    const lowers = this.#context.layers.lowersOf(place)
    const mount = await this.#mounts.planAt(place, lowers, { access: 'read-only', mountpoint })
    this.#mounts.attach(mount)
    undo.defer(() => detachMount(mountpoint))
    return mountpoint
  }
}
