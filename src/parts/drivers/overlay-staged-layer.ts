import { symlinkSync } from 'node:fs'
import path from 'node:path'
import { syncDirectory, writeFileAtomically, type StagedAddition, type TempDir } from '#ground/files'
import { AT_FDCWD, fstatat } from '#ground/sys'
import { Fault, type LayerId } from '#model'
import type { ApplyTarget } from '#parts/changeset'
import type { StagedLayer } from './driver.ts'
import { isThere, type OverlayLayers } from './overlay-layers.ts'
import { linkOfLayer } from './overlay-links.ts'
import { rootStatusOf, setRootStatus } from './root-directory.ts'

/**
 * A root with exactly this mode has not been touched since it was staged: no tar gives a directory a mode like this. It
 * waits for the parent's, which is known only when the parent's own content is complete.
 */
export const modeOfWaitingRoot = 0o1000

/** A layer, by what it stands on: nothing, a committed layer, or a staged one. */
export type Parent = LayerId | StagedLayer | undefined

export interface OverlayStagedContent {
  /** As `stage` was asked. */
  readonly parent: Parent
  /** What it really stands on: the template, if there is one. */
  readonly below: Parent
  readonly target: ApplyTarget
  readonly layers: OverlayLayers
  /** Where the staged directory lies, and where what is in its way goes. */
  readonly temp: TempDir
  readonly addition: StagedAddition
  readonly linkId: string
  readonly lowerText: string
}

/** A complete layer directory beside the layers (spec/drivers §4.1): committing renames it to its id and links it. */
export class OverlayStagedLayer implements StagedLayer {
  readonly #content: OverlayStagedContent
  #lowerText: string
  #id: LayerId | undefined

  constructor(content: OverlayStagedContent) {
    this.#content = content
    this.#lowerText = content.lowerText
  }

  get id(): LayerId | undefined {
    return this.#id
  }

  get parent(): Parent {
    return this.#content.parent
  }

  get target(): ApplyTarget {
    return this.#content.target
  }

  /** What the `lower` file of a child says. */
  get lowerTextAbove(): string {
    const own = `l/${this.#content.linkId}`
    return this.#lowerText === '' ? own : `${own}:${this.#lowerText}`
  }

  commit(id: LayerId, parent?: LayerId): void {
    if (this.#id === id) return
    if (this.#id !== undefined) throw new Fault({ code: 'id-in-use', kind: 'layer', id })
    const { layers, addition, linkId, below } = this.#content
    const destination = layers.directoryFor(id)
    const isTemplate = below !== this.#content.parent
    this.#standOn(isTemplate ? committedId(below) : (parent ?? committedId(below)))
    this.#clear(id, destination)
    addition.commit(destination)
    // A crash before the link leaves a layer that a look at its `link` file repairs; the other way round, a link to nothing.
    symlinkSync(path.join('..', id, 'diff'), path.join(layers.home, 'l', linkId))
    this.#id = id
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#content.temp.cleanup()
  }

  #standOn(parent: LayerId | undefined): void {
    if (parent === undefined) return
    const { layers, addition } = this.#content
    const place = layers.get(parent)
    const lowerText = layers.lowerTextAbove(place)
    if (lowerText !== this.#lowerText) {
      const options = { mode: 0o644, sync: 'full' } as const
      writeFileAtomically(path.join(addition.path, 'lower'), Buffer.from(lowerText), options)
      syncDirectory(addition.path)
      this.#lowerText = lowerText
    }
    const root = path.join(addition.path, 'diff')
    if ((fstatat(AT_FDCWD, root).mode & 0o7777) !== modeOfWaitingRoot) return
    setRootStatus(root, rootStatusOf(path.join(place.directory, 'diff')))
    syncDirectory(root)
  }

  /** What a crash left where this layer belongs. */
  #clear(id: LayerId, destination: string): void {
    if (!isThere(destination)) return
    const { layers, temp } = this.#content
    const link = linkOfLayer(layers.home, id)
    if (link !== undefined) temp.stageDeletion(link)
    temp.stageDeletion(destination)
  }
}

function committedId(parent: Parent): LayerId | undefined {
  if (parent === undefined || typeof parent === 'string') return parent
  if (parent.id !== undefined) return parent.id
  throw new Fault({ code: 'unsupported', what: 'committing a layer before its parent', by: 'overlay' })
}
