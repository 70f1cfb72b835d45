import { futimens, isErrno, utimensat } from '#ground/sys'
import type { LayerPath } from '#model'
import { entryPlace } from './entry-place.ts'
import type { EntryTimes } from './entry-times.ts'
import { located } from './located.ts'
import type { OpenDirectories } from './open-directories.ts'

/** Times that directories are to have once nothing more is put into them. */
export class DirectoryTimes {
  readonly #times = new Map<LayerPath, EntryTimes>()

  set(path: LayerPath, times: EntryTimes): void {
    this.#times.set(path, times)
  }

  /** Of a directory that is gone: something else may have its name by then. */
  forget(path: LayerPath): void {
    this.#times.delete(path)
  }

  /** In the order in which they were told, once. @throws Fault `system` */
  apply(directories: OpenDirectories): void {
    for (const [path, times] of this.#times) {
      try {
        setTimes(directories, path, times)
      } catch (error) {
        throw located(error, path)
      }
    }
    this.#times.clear()
  }
}

function setTimes(directories: OpenDirectories, path: LayerPath, { access, modification }: EntryTimes): void {
  if (path === '') {
    futimens(directories.root.fd, access, modification)
    return
  }
  const { parent, nameBytes } = entryPlace(path)
  try {
    utimensat(directories.get(parent).fd, nameBytes, access, modification)
  } catch (error) {
    // The changeset itself has removed it again, with a directory above it.
    if (!isErrno(error, 'ENOENT', 'ENOTDIR')) throw error
  }
}
