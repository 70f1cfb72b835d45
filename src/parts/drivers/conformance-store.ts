import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseLayerId, type LayerId } from '#model'
import { apply, type Said } from './conformance-entries.ts'
import { treeOf, type Tree } from './conformance-tree.ts'
import type { Driver, MountOptions, StageOptions, StagedLayer } from './driver.ts'
import { detachMount, isMountedOn, mountPointsBelow } from './mount-points.ts'
import type { DriverPlace } from './overlay-context.ts'

/** A driver that claims to keep to the contract. */
export interface ConformanceSubject {
  readonly name: string
  readonly create: (place: DriverPlace) => Driver
  /** Where another process finds `create`, and its name there. */
  readonly module: string
  readonly factory: string
  /** How many layers a chain in the tests has. */
  readonly depth: number
}

/** A driver over directories of its own, which takes away all that it put there and all that it mounted. */
export class ConformanceStore implements AsyncDisposable {
  readonly place: DriverPlace
  readonly driver: Driver
  readonly #base: string

  constructor(subject: ConformanceSubject, options: readonly string[] = []) {
    this.#base = mkdtempSync(path.join(tmpdir(), `conformance-${subject.name}-`))
    this.place = { graphRoot: path.join(this.#base, 'graph'), runRoot: path.join(this.#base, 'run'), options }
    mkdirSync(this.place.graphRoot)
    this.driver = subject.create(this.place)
  }

  /** Makes a committed layer. */
  async layer(
    name: string,
    parent: string | undefined,
    things: readonly Said[] = [],
    options: StageOptions = {},
  ): Promise<LayerId> {
    await using staged = await this.driver.stage(parent === undefined ? undefined : parseLayerId(parent), options)
    apply(staged.target, things)
    return this.commit(staged, name)
  }

  commit(staged: StagedLayer, name: string): LayerId {
    const id = parseLayerId(name)
    staged.commit(id)
    this.driver.sync()
    return id
  }

  /** Where a layer is shown, until the store is disposed. */
  async attached(id: LayerId, options: MountOptions = { access: 'read-only' }): Promise<string> {
    return await this.driver.attach(await this.driver.mount(id, options))
  }

  /** The tree of a layer as one sees it. */
  async tree(id: LayerId): Promise<Tree> {
    if (await this.driver.isAttached(id)) return treeOf(await this.attached(id))
    const tree = treeOf(await this.attached(id))
    await this.driver.detach(id)
    return tree
  }

  async ids(): Promise<readonly string[]> {
    return (await Array.fromAsync(this.driver.list())).sort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const mountpoint of mountPointsBelow(this.driver.home)) {
      if (isMountedOn(mountpoint)) detachMount(mountpoint)
    }
    await this.driver.shutdown()
    const left = mountPointsBelow(this.#base)
    if (left.length > 0) throw new Error(`still mounted: ${left.join(', ')}`)
    rmSync(this.#base, { recursive: true })
  }
}
