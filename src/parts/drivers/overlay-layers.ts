import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '#ground/sys'
import { Fault, parseLayerId, type LayerId } from '#model'
import { entriesOf } from './directory-entries.ts'
import { isLinkId, layerOfLinkTarget, readLinkId, recreateLinks } from './overlay-links.ts'
import { isLayerDirectoryName } from './overlay-names.ts'

/** More lowers than this are not mounted (spec/drivers §4.1). */
export const mostLowers = 500

/** A directory laid out as a layer: committed, or still staged. */
export interface OverlayPlace {
  readonly directory: string
  /** Of a further store: never written, its mountpoint is in the run directory. */
  readonly elsewhere: boolean
}

export interface FoundLayer extends OverlayPlace {
  readonly id: LayerId
}

/** One entry of a `lower` file, resolved. */
export interface Lower {
  readonly id: LayerId
  /** `<home>/l/<link id>`: short, for mount options. */
  readonly link: string
  /** Of the layer that the link leads to. */
  readonly directory: string
}

/** Where layers are and what lies below them: the driver's home, and the homes of further stores to look in. */
export class OverlayLayers {
  readonly home: string
  readonly #homes: readonly string[]

  constructor(home: string, furtherHomes: readonly string[]) {
    this.home = home
    this.#homes = [home, ...furtherHomes]
  }

  /** Where a layer of this id has to lie. @throws Fault `id-invalid` for the names that the driver keeps for itself */
  directoryFor(id: LayerId): string {
    if (!isLayerDirectoryName(id)) throw new Fault({ code: 'id-invalid', kind: 'layer', text: id })
    return path.join(this.home, id)
  }

  find(id: LayerId): FoundLayer | undefined {
    if (!isLayerDirectoryName(id)) return undefined
    const home = this.#homes.find((candidate) => isDirectory(path.join(candidate, id)))
    return home === undefined ? undefined : { id, directory: path.join(home, id), elsewhere: home !== this.home }
  }

  /** @throws Fault `layer-unknown` */
  get(id: LayerId): FoundLayer {
    const found = this.find(id)
    if (found === undefined) throw new Fault({ code: 'layer-unknown', layer: id })
    return found
  }

  /** The same for what is to be written: not of a further store. @throws Fault `layer-unknown`, `store-read-only` */
  getOwn(id: LayerId): FoundLayer {
    const found = this.get(id)
    if (!found.elsewhere) return found
    throw new Fault({ code: 'store-read-only', action: 'change a layer', path: found.directory })
  }

  /** Ids in the driver's own home only. */
  *list(): Iterable<LayerId> {
    for (const entry of entriesOf(this.home)) {
      if (entry.isDirectory() && isLayerDirectoryName(entry.name)) yield parseLayerId(entry.name)
    }
  }

  /** What a child's `lower` file says (spec/drivers §4.1). A lost link of the parent is made again. */
  lowerTextAbove(parent: OverlayPlace): string {
    const own = `l/${this.#linkIdOf(parent)}`
    const below = readLowerText(parent.directory)
    return below === '' ? own : `${own}:${below}`
  }

  /** The chain below a layer, top first. Lost links are made again. @throws Fault `records-invalid`, `mount-too-deep` */
  lowersOf(place: OverlayPlace): readonly Lower[] {
    const file = path.join(place.directory, 'lower')
    return linksOf(file).map((link) => {
      const lower = this.#follow(link) ?? this.#repaired(() => this.#follow(link))
      if (lower instanceof Error) throw unusable(file, `l/${link} leads to no layer`, lower)
      return lower
    })
  }

  #follow(link: string): Lower | undefined {
    for (const home of this.#homes) {
      const where = path.join(home, 'l', link)
      const target = readlinkOrNothing(where)
      if (target === undefined) continue
      const id = layerOfLinkTarget(target)
      if (id === undefined) {
        throw unusable(where, 'this link leads to no layer')
      }
      const layer = this.find(parseLayerId(id))
      if (layer !== undefined) return { id: layer.id, link: where, directory: layer.directory }
    }
    return undefined
  }

  #linkIdOf(place: OverlayPlace): string {
    const id = findLinkId(place) ?? (place.elsewhere ? undefined : this.#repaired(() => findLinkId(place)))
    if (typeof id === 'string') return id
    throw unusable(path.join(place.directory, 'link'), 'the layer has lost its link', id)
  }

  /** What is found when the links have been made again; or what kept that from helping. */
  #repaired<T>(find: () => T | undefined): T | Error {
    let problem: unknown
    try {
      recreateLinks(this.home)
    } catch (error) {
      // Some other layer may be beyond repair: that matters only if this one is.
      problem = error
    }
    return find() ?? (problem instanceof Error ? problem : new Error('repairing the links found nothing'))
  }
}

function findLinkId(place: OverlayPlace): string | undefined {
  try {
    return readLinkId(place.directory)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Link ids, as a `lower` file lists them. */
function linksOf(file: string): readonly string[] {
  const text = readLowerText(path.dirname(file))
  const entries = text === '' ? [] : text.split(':')
  if (entries.length > mostLowers) throw new Fault({ code: 'mount-too-deep', lowers: entries.length })
  return entries.map((entry) => {
    const link = entry.startsWith('l/') ? entry.slice(2) : ''
    if (!isLinkId(link)) throw unusable(file, `${JSON.stringify(entry)} is no link to a layer`)
    return link
  })
}

function unusable(file: string, problem: string, cause?: unknown): Fault {
  return new Fault({ code: 'records-invalid', path: file, problem }, { cause })
}

/** `diff1`, `diff2`, …: what a change of id maps has moved aside (spec/drivers §4.10). They lie directly below `diff`. */
export function rotatedDirectories(layerDirectory: string): readonly string[] {
  const found: string[] = []
  for (let number = 1; ; number++) {
    const directory = path.join(layerDirectory, `diff${number}`)
    if (!isDirectory(directory)) return found
    found.push(directory)
  }
}

/** A layer's own content: `diff` and what was rotated below it. */
export function ownDirectories(layerDirectory: string): readonly string[] {
  return [path.join(layerDirectory, 'diff'), ...rotatedDirectories(layerDirectory)]
}

function readLowerText(layerDirectory: string): string {
  try {
    return readFileSync(path.join(layerDirectory, 'lower'), 'utf8').trimEnd()
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return ''
    throw error
  }
}

function readlinkOrNothing(where: string): string | undefined {
  try {
    return readlinkSync(where)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

function isDirectory(where: string): boolean {
  return statSync(where, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Whether anything lies at this path, even a broken link. */
export function isThere(where: string): boolean {
  return lstatSync(where, { throwIfNoEntry: false }) !== undefined
}
