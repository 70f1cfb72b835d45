import { mkdirSync, rmdirSync } from 'node:fs'
import path from 'node:path'
import { MS_BIND, MS_PRIVATE, isErrno, mount, statfs } from '#ground/sys'
import { Fault } from '#model'
import { invalid } from './driver-options.ts'
import { fileSystemName, isNetworkFileSystem } from './file-system-names.ts'
import { needsMountProgram } from './foreign-marks.ts'
import { detachMount, isMountedOn, mountPointsBelow } from './mount-points.ts'
import type { OverlayFeatures } from './overlay-features.ts'
import type { OverlayOptions } from './overlay-options.ts'

export interface HomeSettings {
  readonly graphRoot: string
  readonly home: string
  readonly options: OverlayOptions
  readonly features: OverlayFeatures
  readonly rootless: boolean
}

/** The driver's home and what has to be so before layers are made or mounted in it (spec/drivers §4.3): done when first needed. */
export class OverlayHome {
  readonly #settings: HomeSettings
  #usable: Promise<void> | undefined
  #mountable: Promise<void> | undefined

  constructor(settings: HomeSettings) {
    this.#settings = settings
  }

  /** Layers can be made. @throws Fault `driver-unsupported`, `driver-option-invalid`, `unsupported` */
  async prepare(): Promise<void> {
    this.#usable ??= this.#prepare()
    try {
      await this.#usable
    } catch (error) {
      this.#usable = undefined
      throw error
    }
  }

  /** Layers can be mounted, and their mounts do not spread into other mount namespaces. */
  async prepareMounts(): Promise<void> {
    this.#mountable ??= this.#prepareMounts()
    try {
      await this.#mountable
    } catch (error) {
      this.#mountable = undefined
      throw error
    }
  }

  /** Ends the private mount of the home, unless a layer is mounted below it. */
  release(): void {
    const { home } = this.#settings
    this.#mountable = undefined
    // Two programs that began at the same moment have mounted it twice.
    for (let times = 0; times < 50 && isMountedOn(home) && mountPointsBelow(home).length === 0; times++) {
      detachMount(home)
    }
  }

  async #prepare(): Promise<void> {
    const { graphRoot, home, options, features } = this.#settings
    refuseWhatIsNotBuilt(options)
    mkdirSync(graphRoot, { recursive: true, mode: 0o700 })
    this.#refuseBackingFileSystem()
    mkdirSync(home, { recursive: true, mode: 0o700 })
    mkdirSync(path.join(home, 'l'), { recursive: true, mode: 0o755 })
    try {
      await features.requireOverlay()
    } catch (error) {
      // What overlay cannot use must not look as if it had been used: the next choice of a driver would go by it.
      for (const name of ['l', 'tempdirs', '.']) removeIfEmpty(path.join(home, name))
      throw error
    }
    if (needsMountProgram(home)) {
      throw new Fault({ code: 'unsupported', what: 'reading layers that a mount program wrote', by: 'overlay' })
    }
  }

  async #prepareMounts(): Promise<void> {
    await this.prepare()
    const { home, options } = this.#settings
    if (options.skipMountHome) return
    if (!isMountedOn(home)) mount({ source: home, target: home, flags: MS_BIND })
    mount({ source: 'none', target: home, flags: MS_PRIVATE })
  }

  #refuseBackingFileSystem(): void {
    const { graphRoot, options, rootless } = this.#settings
    const { type } = statfs(graphRoot)
    const name = fileSystemName(type)
    const incompatible = (problem: string): Fault =>
      new Fault({ code: 'driver-unsupported', driver: 'overlay', problem, reason: 'file-system' })
    if (['aufs', 'overlayfs', 'ecryptfs'].includes(name)) {
      throw incompatible(`'overlay' is not supported over ${name}, a mount_program is required`)
    }
    if (rootless && isNetworkFileSystem(type)) {
      throw incompatible('a network file system with user namespaces is not supported.  Please use a mount_program')
    }
    if (options.size === 0 && options.inodes === 0) return
    if (name === 'xfs') throw new Fault({ code: 'unsupported', what: 'a project quota', by: 'overlay' })
    throw invalid(`storage option overlay.size and overlay.inodes only supported for backingFS XFS. Found ${name}`)
  }
}

function refuseWhatIsNotBuilt(options: OverlayOptions): void {
  const refuse = (what: string): never => {
    throw new Fault({ code: 'unsupported', what, by: 'overlay' })
  }
  if (options.mountProgram !== '') refuse('the option mount_program')
  if (options.useComposefs) refuse('the option use_composefs')
  if (options.additionalLayerStores.length > 0) refuse('the option additionallayerstore')
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory)
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'EBUSY')) throw error
  }
}
