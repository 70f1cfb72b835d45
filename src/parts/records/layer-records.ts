import type { ExclusiveLock, LockToken, SharedLock } from '#ground/files'
import type { Layer, LayerId } from '#model'
import { formatLayers, parseLayers } from './layer-codec.ts'
import { LayerRows } from './layer-rows.ts'
import type { LayerMount } from './layer-table.ts'
import { formatMounts, parseMounts } from './mount-codec.ts'
import type { Location } from './named-rows.ts'
import { modificationTime, readRecordFile } from './record-file.ts'
import type { RecordPaths } from './record-paths.ts'
import { type FileSaver } from './save-file.ts'
import { type SaveUnder, saving } from './save-under.ts'

/** The locks under which the layer table is read or changed: layers.lock, and mountpoints.lock inside of it. */
export interface LayerLocks<Lock extends SharedLock = SharedLock> {
  readonly layers: Lock
  readonly mounts: Lock
}

/** What has to be put right before the table can be used; it takes the exclusive lock. */
export interface LayerDefects {
  readonly incomplete: readonly LayerId[]
  /** Rows that lost a name to a later one. */
  readonly renamed: readonly LayerId[]
}

/** layers.json, volatile-layers.json and mountpoints.json: read, compared with what is in memory, and saved. */
export class LayerRecords {
  readonly #paths: RecordPaths
  readonly #files: FileSaver
  readonly #modified = new Map<string, bigint | undefined>()
  #rows: LayerRows | undefined
  #token: LockToken | undefined
  #mountsToken: LockToken | undefined
  #loads = 0

  constructor(paths: RecordPaths, files: FileSaver) {
    this.#paths = paths
    this.#files = files
  }

  /** How often the files have been read. */
  get loads(): number {
    return this.#loads
  }

  forget(): void {
    this.#rows = undefined
  }

  /** The table as it is on disk now. Read again only if somebody wrote since. @throws Fault `records-invalid` */
  current(locks: LayerLocks): { readonly rows: LayerRows; readonly defects: LayerDefects | undefined } {
    const token = locks.layers.readToken()
    if (this.#rows === undefined || token !== this.#token || this.#filesChanged()) {
      const { rows, defects } = this.#load(locks)
      if (defects !== undefined) return { rows, defects }
      this.#rows = rows
      this.#token = token
      return { rows, defects }
    }
    if (locks.mounts.readToken() !== this.#mountsToken) this.#loadMounts(this.#rows, locks)
    return { rows: this.#rows, defects: undefined }
  }

  /** After a repair: what is in memory is what is on disk. */
  adopt(rows: LayerRows, locks: LayerLocks): void {
    this.#rows = rows
    this.#token = locks.layers.readToken()
  }

  /** Replaces one of the two files when what is returned is called; with a room, everything but the renaming is done before. */
  prepare(location: Location, layers: readonly Layer[], step: 'intermediate' | 'final', room?: string): SaveUnder {
    const path = location === 'stable' ? this.#paths.layersFile : this.#paths.volatileLayersFile
    const how = location === 'volatile' ? 'volatile' : step
    const save = saving(this.#files, { path, text: formatLayers(layers), step: how, room })
    return (lock) => {
      this.#token = lock.writeToken()
      this.#modified.set(path, save())
    }
  }

  save(location: Location, layers: readonly Layer[], lock: ExclusiveLock, step: 'intermediate' | 'final'): void {
    this.prepare(location, layers, step)(lock)
  }

  saveMounts(rows: LayerRows, lock: ExclusiveLock): void {
    this.#mountsToken = lock.writeToken()
    this.#files.save(this.#paths.mountsFile, formatMounts(rows.mounts()), 'volatile')
  }

  #load(locks: LayerLocks): { readonly rows: LayerRows; readonly defects: LayerDefects | undefined } {
    this.#loads += 1
    const rows = new LayerRows(this.#paths)
    const renamed = new Set<LayerId>()
    for (const location of ['stable', 'volatile'] as const) {
      for (const layer of this.#read(location)) {
        for (const loser of rows.load(layer, location) ?? []) renamed.add(loser.id)
      }
    }
    this.#loadMounts(rows, locks)
    const incomplete = rows.list().filter(isIncomplete)
    if (incomplete.length + renamed.size === 0) return { rows, defects: undefined }
    return { rows, defects: { incomplete: incomplete.map((layer) => layer.id), renamed: [...renamed] } }
  }

  #read(location: Location): readonly Layer[] {
    const path = location === 'stable' ? this.#paths.layersFile : this.#paths.volatileLayersFile
    const { text, modified } = readRecordFile(path)
    const layers = parseLayers(text, path)
    this.#modified.set(path, modified)
    return layers
  }

  #loadMounts(rows: LayerRows, locks: LayerLocks): void {
    const token = locks.mounts.readToken()
    const mounts = new Map<LayerId, LayerMount>()
    for (const { layer, path, count } of parseMounts(
      readRecordFile(this.#paths.mountsFile).text,
      this.#paths.mountsFile,
    )) {
      const id = path === '' || count <= 0 ? undefined : rows.find(layer)?.id
      if (id !== undefined) mounts.set(id, { path, count })
    }
    rows.loadMounts(mounts)
    this.#mountsToken = token
  }

  /** A file that is missing never counts as changed (spec/store §3.4). */
  #filesChanged(): boolean {
    return [this.#paths.layersFile, this.#paths.volatileLayersFile].some((path) => {
      const modified = modificationTime(path)
      return modified !== undefined && modified !== this.#modified.get(path)
    })
  }
}

export function isIncomplete(layer: Layer): boolean {
  return layer.flags?.['incomplete'] === true
}

/** What a row says while its content is not in place yet, or not any more. */
export function markedIncomplete(layer: Layer): Layer {
  return { ...layer, flags: { ...layer.flags, incomplete: true } }
}
