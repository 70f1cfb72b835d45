import { listDirectory } from '#ground/sys'
import { type LayerPath, layerPathOfBytes } from '#model'

/** The names in a directory that is open for reading, in no order. @throws ErrnoError */
export function entriesOf(fd: number): LayerPath[] {
  return listDirectory(fd).map(({ name }) => layerPathOfBytes(name))
}

/** The same so that `pop` takes them in the order of their bytes. */
export function lastToFirst(names: readonly LayerPath[]): LayerPath[] {
  // One char is one byte: the order of chars is that of bytes.
  return names.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0))
}
