import type { ExclusiveLock, LockToken, SharedLock } from '#ground/files'
import { formatImages, parseImages } from './image-codec.ts'
import { ImageRows } from './image-rows.ts'
import { readRecordFile } from './record-file.ts'
import type { RecordPaths } from './record-paths.ts'
import type { SaveFile } from './save-file.ts'

/** images.json: read, and saved. */
export class ImageRecords {
  readonly #paths: RecordPaths
  readonly #save: SaveFile
  #rows: ImageRows | undefined
  #token: LockToken | undefined

  constructor(paths: RecordPaths, save: SaveFile) {
    this.#paths = paths
    this.#save = save
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

  save(rows: ImageRows, lock: ExclusiveLock): void {
    this.#token = lock.writeToken()
    this.#save(this.#paths.imagesFile, formatImages(rows.list()), 'final')
  }
}
