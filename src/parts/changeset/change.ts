import type { TarEntry } from '#formats/tar'
import { type LayerPath, cleanLayerPath, layerPath } from '#model'
import { hiddenName, opaqueName, whiteoutPrefix } from './whiteout-name.ts'

/** What one entry of a layer's tar says. Paths of whiteouts are clean and relative; a `TarEntry` keeps the archive's path. */
export type Change =
  | TarEntry
  | { readonly kind: 'whiteout'; readonly path: LayerPath }
  | { readonly kind: 'opaque'; readonly path: LayerPath }

/** Reads whiteouts out of names, as all drivers do it: by the last part of the path alone. @throws Fault `tar-invalid` */
export function changeOf(entry: TarEntry): Change {
  const path = cleanLayerPath(entry.path)
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  if (!name.startsWith(whiteoutPrefix)) return entry
  const directory = layerPath(slash === -1 ? '' : path.slice(0, slash))
  if (name === opaqueName) return { kind: 'opaque', path: directory }
  const hidden = hiddenName(name, path)
  return { kind: 'whiteout', path: layerPath(directory === '' ? hidden : `${directory}/${hidden}`) }
}
