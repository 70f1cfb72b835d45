import { mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import type { LayerId } from '#model'
import type { MountOptions } from './driver.ts'
import { detachMount, isMountedOn, mountPointsBelow } from './mount-points.ts'
import { attachOverlay } from './overlay-attach.ts'
import type { OverlayContext } from './overlay-context.ts'
import { isThere, type FoundLayer, type Lower } from './overlay-layers.ts'
import { modeOfLostDiff, planOverlayMount, type OverlayMount } from './overlay-mount-plan.ts'
import { makeRoot } from './root-directory.ts'

/** Layers shown as trees: what to mount, mounting it, and undoing that (spec/drivers §4.8, §4.11). Counts are the store's. */
export class OverlayMounts {
  readonly #context: OverlayContext

  constructor(context: OverlayContext) {
    this.#context = context
  }

  /** @throws Fault `layer-unknown`, `mount-too-deep`, `records-invalid`, `driver-unsupported` */
  async plan(id: LayerId, options: MountOptions): Promise<OverlayMount> {
    const place = this.#context.layers.get(id)
    const lowers = this.#context.layers.lowersOf(place)
    return await this.planAt(place, lowers, { ...options, mountpoint: this.#mountpointOf(place) })
  }

  /** The same with a mountpoint of the caller's choice. */
  async planAt(
    place: Omit<FoundLayer, 'id'>,
    lowers: readonly Lower[],
    options: MountOptions & { readonly mountpoint: string },
  ): Promise<OverlayMount> {
    const { options: configuration, features, rootless } = this.#context
    await this.#context.preparation.prepareMounts()
    this.#restoreLostDiff(place, lowers)
    const configured = configuration.mountOptions.split(',').filter((word) => word !== '')
    const wanted = options.options ?? []
    return planOverlayMount(place, lowers, {
      mountpoint: options.mountpoint,
      access: options.access,
      label: options.label,
      options: wanted,
      configured,
      metacopy: [...configured, ...wanted].includes('metacopy=on') && (await features.metacopy()),
      volatile: options.volatile === true && (await features.volatile()),
      userXattr: rootless,
    })
  }

  /** @throws Fault `mount-failed` */
  attach(mount: OverlayMount): string {
    mkdirSync(mount.mountpoint, { recursive: true, mode: 0o700 })
    if (!isMountedOn(mount.mountpoint)) attachOverlay(mount)
    return mount.mountpoint
  }

  /** Where the layer is shown, if it is. */
  attachedAt(place: FoundLayer): string | undefined {
    const mountpoint = this.#mountpointOf(place)
    return isMountedOn(mountpoint) ? mountpoint : undefined
  }

  isAttached(id: LayerId): boolean {
    const place = this.#context.layers.find(id)
    return place !== undefined && this.attachedAt(place) !== undefined
  }

  detach(id: LayerId): void {
    const place = this.#context.layers.find(id)
    if (place === undefined) return
    for (const mapped of mountPointsBelow(path.join(place.directory, 'mapped'))) detachMount(mapped)
    const mountpoint = this.#mountpointOf(place)
    if (!isMountedOn(mountpoint)) return
    detachMount(mountpoint)
    if (place.elsewhere) rmSync(path.dirname(mountpoint), { recursive: true, force: true })
    else replaceMountpoint(mountpoint)
  }

  #mountpointOf(place: FoundLayer): string {
    return place.elsewhere ? path.join(this.#context.runHome, place.id, 'merged') : path.join(place.directory, 'merged')
  }

  #restoreLostDiff(place: Omit<FoundLayer, 'id'>, lowers: readonly Lower[]): void {
    const diff = path.join(place.directory, 'diff')
    if (place.elsewhere || isThere(diff)) return
    makeRoot(diff, { uid: 0, gid: 0, mode: modeOfLostDiff(place, lowers, this.#context.options.forceMask ?? 0o555) })
  }
}

/** In other mount namespaces the old directory may still carry the mount: a new one in its place frees it there too. */
function replaceMountpoint(mountpoint: string): void {
  const fresh = `${mountpoint}.1`
  const { uid, gid } = statSync(mountpoint)
  rmSync(fresh, { recursive: true, force: true })
  makeRoot(fresh, { uid, gid, mode: 0o700 })
  renameSync(fresh, mountpoint)
}
