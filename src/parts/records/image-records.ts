import type { LockToken, SharedLock } from '#ground/files'
import { formatImages, parseImages } from './image-codec.ts'
import { ImageRows } from './image-rows.ts'
import { readRecordFile } from './record-file.ts'
import type { RecordPaths } from './record-paths.ts'
import { type FileSaver } from './save-file.ts'
import { type SaveUnder, saving } from './save-under.ts'

/** images.json: read, and saved. */
export class ImageRecords {
  readonly #paths: RecordPaths
  readonly #files: FileSaver
  #rows: ImageRows | undefined
  #token: LockToken | undefined

  constructor(paths: RecordPaths, files: FileSaver) {
    this.#paths = paths
    this.#files = files
  }

  forget(): void {
    this.#rows = undefined
  }

  /** `repaired`: a name was on two images and the later one kept it; the file wants to be saved. @throws Fault `records-invalid` */
  current(lock: SharedLock): { readonly rows: ImageRows; readonly repaired: boolean } {
    const token = lock.readToken()
    if (this.#rows !== undefined && token === this.#token) return { rows: this.#rows, repaired: false }
    const rows = new ImageRows(this.#paths)
    let repaired = false
    for (const image of parseImages(readRecordFile(this.#paths.imagesFile).text, this.#paths.imagesFile)) {
      if (rows.load(image).length > 0) repaired = true
    }
    if (!repaired) this.adopt(rows, lock)
    return { rows, repaired }
  }

  adopt(rows: ImageRows, lock: SharedLock): void {
    this.#rows = rows
    this.#token = lock.readToken()
  }

  /** Replaces the file when what is returned is called; with a room, everything but the renaming is done before. */
  prepare(rows: ImageRows, room?: string): SaveUnder {
    const text = formatImages(rows.list())
    const save = saving(this.#files, { path: this.#paths.imagesFile, text, step: 'final', room })
    return (lock) => {
      this.#token = lock.writeToken()
      save()
    }
  }
}
