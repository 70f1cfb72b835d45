import type { LockToken, SharedLock } from '#ground/files'
import type { ContainerId } from '#model'
import { formatContainers, parseContainers } from './container-codec.ts'
import { ContainerRows } from './container-rows.ts'
import type { Location } from './named-rows.ts'
import { readRecordFile } from './record-file.ts'
import type { RecordPaths } from './record-paths.ts'
import { type FileSaver } from './save-file.ts'
import { type SaveUnder, saving } from './save-under.ts'

/** containers.json and volatile-containers.json: read, and saved. */
export class ContainerRecords {
  readonly #paths: RecordPaths
  readonly #files: FileSaver
  #rows: ContainerRows | undefined
  #token: LockToken | undefined

  constructor(paths: RecordPaths, files: FileSaver) {
    this.#paths = paths
    this.#files = files
  }

  forget(): void {
    this.#rows = undefined
  }

  /** `renamed`: rows that lost a name to a later one; their files want to be saved. @throws Fault `records-invalid` */
  current(lock: SharedLock): { readonly rows: ContainerRows; readonly renamed: readonly ContainerId[] } {
    const token = lock.readToken()
    if (this.#rows !== undefined && token === this.#token) return { rows: this.#rows, renamed: [] }
    const rows = new ContainerRows(this.#paths)
    const renamed: ContainerId[] = []
    for (const location of ['stable', 'volatile'] as const) {
      const path = this.#path(location)
      for (const container of parseContainers(readRecordFile(path).text, path)) {
        for (const loser of rows.load(container, location) ?? []) renamed.push(loser.id)
      }
    }
    if (renamed.length === 0) this.adopt(rows, lock)
    return { rows, renamed }
  }

  adopt(rows: ContainerRows, lock: SharedLock): void {
    this.#rows = rows
    this.#token = lock.readToken()
  }

  /** Replaces one of the two files when what is returned is called; with a room, everything but the renaming is done before. */
  prepare(location: Location, rows: ContainerRows, room?: string): SaveUnder {
    const text = formatContainers(rows.rowsIn(location))
    const step = location === 'volatile' ? 'volatile' : 'final'
    const save = saving(this.#files, { path: this.#path(location), text, step, room })
    return (lock) => {
      this.#token = lock.writeToken()
      save()
    }
  }

  #path(location: Location): string {
    return location === 'stable' ? this.#paths.containersFile : this.#paths.volatileContainersFile
  }
}
