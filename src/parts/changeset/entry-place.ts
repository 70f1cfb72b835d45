import { Fault, type LayerPath, cleanLayerPath, layerPath, textOfLayerPath } from '#model'
import { cStringOfLayerPath } from '#ground/sys'

/** Where in the layer an entry belongs: the directory is looked up, following symlinks; the name in it never is. */
export interface EntryPlace {
  /** Clean and relative. */
  readonly path: LayerPath
  readonly parent: LayerPath
  readonly name: LayerPath
  /** The name for the kernel. */
  readonly nameBytes: Uint8Array
}

/** @throws Fault `tar-invalid` for a NUL, which the kernel would take for the end of the name */
export function entryPlace(raw: LayerPath): EntryPlace {
  if (raw.includes('\0')) {
    throw new Fault({ code: 'tar-invalid', problem: `a NUL in the name ${JSON.stringify(textOfLayerPath(raw))}` })
  }
  const path = cleanLayerPath(raw)
  const slash = path.lastIndexOf('/')
  const name = layerPath(path.slice(slash + 1))
  return {
    path,
    parent: layerPath(slash === -1 ? '' : path.slice(0, slash)),
    name,
    nameBytes: cStringOfLayerPath(name),
  }
}
