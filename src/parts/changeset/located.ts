import { ErrnoError } from '#ground/sys'
import { Fault, type LayerPath, textOfLayerPath } from '#model'

/** A system error as a Fault that names the place in the layer, which the system, given descriptors, could not know. */
export function located(error: unknown, path: LayerPath): unknown {
  if (!(error instanceof ErrnoError)) return error
  return new Fault(
    { code: 'system', call: error.call, path: `/${textOfLayerPath(path)}`, errno: error.code },
    { cause: error },
  )
}
