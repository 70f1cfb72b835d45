import { renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { TempDir } from '#ground/files'
import { Fault, rootOf, type IdMaps } from '#model'
import type { ApplyTarget } from '#parts/changeset'
import { areSameMaps } from './same-maps.ts'
import type { StagedLayer, StageOptions } from './driver.ts'
import { invalid } from './driver-options.ts'
import { attachOverlay } from './overlay-attach.ts'
import type { OverlayContext } from './overlay-context.ts'
import { rotatedDirectories } from './overlay-layers.ts'
import { newLinkId } from './overlay-links.ts'
import type { OverlayMounts } from './overlay-mounts.ts'
import { modeOfWaitingRoot, OverlayStagedLayer, type Parent } from './overlay-staged-layer.ts'
import { detachMount } from './mount-points.ts'
import { makeRoot, rootStatusOf, type Owner, type RootStatus } from './root-directory.ts'

/** Makes layer directories beside the layers (spec/drivers §4.7), without any lock of the store. */
export class OverlayStaging {
  readonly #context: OverlayContext
  readonly #mounts: OverlayMounts

  constructor(context: OverlayContext, mounts: OverlayMounts) {
    this.#context = context
    this.#mounts = mounts
  }

  /** @throws Fault `layer-unknown`, `driver-option-invalid`, `driver-unsupported`, `unsupported` */
  async stage(parent: Parent, options: StageOptions): Promise<StagedLayer> {
    refuseStorageOptions(options)
    this.#refuseMaskedContainer(options)
    await this.#context.preparation.prepare()
    const below = options.template ?? parent
    const lowerText = this.#lowerTextAbove(below)
    const temp = TempDir.create(this.#context.tempRoot)
    try {
      const addition = temp.stageAddition()
      const linkId = this.#fill(addition.path, { below, lowerText, idMaps: options.idMaps ?? {} })
      await this.#remap(addition.path, below, options)
      const target = this.targetIn(addition.path, options.idMaps)
      const { layers } = this.#context
      return new OverlayStagedLayer({ parent, below, target, layers, temp, addition, linkId, lowerText })
    } catch (error) {
      await temp.cleanup()
      throw error
    }
  }

  targetIn(layerDirectory: string, idMaps: IdMaps | undefined): ApplyTarget {
    const { options, rootless } = this.#context
    return {
      directory: path.join(layerDirectory, 'diff'),
      semantics: 'overlay',
      overlayXattrs: rootless ? 'user' : 'trusted',
      ignoreChownErrors: options.ignoreChownErrors,
      inUserNamespace: rootless,
      ...(idMaps === undefined ? {} : { idMaps }),
      ...(options.forceMask === undefined ? {} : { forceMask: options.forceMask }),
    }
  }

  #refuseMaskedContainer(options: StageOptions): void {
    if (options.purpose !== 'container' || this.#context.options.forceMask === undefined) return
    throw invalid('overlay: force_mask option for writeable layers is only supported with a mount_program')
  }

  #lowerTextAbove(below: Parent): string {
    if (below === undefined) return ''
    if (typeof below === 'string') return this.#context.layers.lowerTextAbove(this.#context.layers.get(below))
    if (below instanceof OverlayStagedLayer) return below.lowerTextAbove
    throw new Fault({ code: 'unsupported', what: 'a layer that another driver staged', by: 'overlay' })
  }

  #fill(
    directory: string,
    layer: { readonly below: Parent; readonly lowerText: string; readonly idMaps: IdMaps },
  ): string {
    const owner = { uid: rootOf(layer.idMaps.uids), gid: rootOf(layer.idMaps.gids) }
    const { forceMask } = this.#context.options
    const root = this.#rootStatus(layer.below, owner)
    makeRoot(directory, { ...owner, mode: 0o700 })
    makeRoot(path.join(directory, 'diff'), root, forceMask === undefined ? undefined : { owner, mode: forceMask })
    for (const name of ['work', 'merged', ...(layer.below === undefined ? ['empty'] : [])]) {
      makeRoot(path.join(directory, name), { uid: root.uid, gid: root.gid, mode: 0o700 })
    }
    const linkId = newLinkId()
    writeFileSync(path.join(directory, 'link'), linkId, { mode: 0o644 })
    if (layer.below !== undefined) writeFileSync(path.join(directory, 'lower'), layer.lowerText, { mode: 0o666 })
    return linkId
  }

  #rootStatus(below: Parent, owner: Owner): RootStatus {
    if (below === undefined) return { ...owner, mode: 0o555 }
    if (typeof below === 'string') return rootStatusOf(path.join(this.#context.layers.get(below).directory, 'diff'))
    return { ...owner, mode: modeOfWaitingRoot }
  }

  async #remap(directory: string, below: Parent, options: StageOptions): Promise<void> {
    const from = options.idMapsBelow
    const to = options.idMaps ?? {}
    if (below === undefined || from === undefined || areSameMaps(from, to)) return
    if (typeof below !== 'string') {
      throw new Fault({
        code: 'unsupported',
        what: 'changing id maps on top of a layer that is still staged',
        by: 'overlay',
      })
    }
    const place = { directory, elsewhere: false }
    const mountpoint = path.join(directory, 'merged')
    const lowers = this.#context.layers.lowersOf(place)
    attachOverlay(await this.#mounts.planAt(place, lowers, { access: 'read-write', mountpoint }))
    try {
      const { chownByMaps } = await import('#parts/changeset')
      await chownByMaps(mountpoint, { from, to }, options)
    } finally {
      detachMount(mountpoint)
    }
    rotate(directory, { uid: rootOf(to.uids), gid: rootOf(to.gids) })
  }
}

/** What the change of owners has copied up goes below a new, empty `diff` (spec/drivers §4.10). */
function rotate(directory: string, owner: Owner): void {
  const diff = path.join(directory, 'diff')
  const { mode } = rootStatusOf(diff)
  for (const [index, rotated] of [...rotatedDirectories(directory).entries()].toReversed()) {
    renameSync(rotated, path.join(directory, `diff${index + 2}`))
  }
  renameSync(diff, path.join(directory, 'diff1'))
  rmSync(path.join(directory, 'work'), { recursive: true, force: true })
  makeRoot(path.join(directory, 'work'), { ...owner, mode: 0o555 })
  makeRoot(diff, { ...owner, mode })
}

function refuseStorageOptions(options: StageOptions): void {
  const [first] = Object.keys(options.storageOptions ?? {})
  if (first === undefined) return
  if (options.purpose === 'container') {
    throw invalid("--storage-opt is supported only for overlay over xfs with 'pquota' mount option")
  }
  throw invalid(`--storage-opt ${first} is only supported for ReadWrite Layers`)
}
