import { Fault, type LayerPath, layerPath, textOfLayerPath } from '#model'

/** Begins the name of a file that stands for a deleted one (AUFS; OCI image specification, "Whiteouts"). */
export const whiteoutPrefix = '.wh.'
/** A file of this name makes its directory opaque. */
export const opaqueName = '.wh..wh..opq'
/** At the top of a layer: what AUFS kept for itself, and where it kept the targets of hard links. */
export const metadataPrefix = '.wh..wh.'
export const linkDirectory = '.wh..wh.plnk'

/**
 * The name that a whiteout hides. `.wh.`, `.wh..` and `.wh...` would hide the directory they lie in, or the one above: refused.
 * @throws Fault `tar-invalid`
 */
export function hiddenName(whiteout: string, path: LayerPath): LayerPath {
  const hidden = whiteout.slice(whiteoutPrefix.length)
  if (hidden === '' || hidden === '.' || hidden === '..') {
    throw new Fault({ code: 'tar-invalid', problem: `"${textOfLayerPath(path)}" is a whiteout of no name` })
  }
  return layerPath(hidden)
}
