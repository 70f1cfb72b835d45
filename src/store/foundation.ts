import { Fault, type IdMaps, type Image, type Layer } from '#model'
import type { Driver } from '#parts/drivers'
import type { Readers } from '#parts/records'
import { isMapped, mapsOf, sameMaps, type WantedMaps } from './id-maps.ts'

/** What a container's layer stands on: a layer of the image or, with `copyMaps`, a copy of it to be made under these maps. */
export interface Foundation {
  readonly layer: Layer
  readonly tarSplitPath: string
  readonly copyMaps?: IdMaps
}

/**
 * The image's top layer, in the variant whose maps are the wanted ones (spec/store §6.5); undefined for an image without layers.
 * @throws Fault `layer-unknown`
 */
export function foundationOf(
  tables: Pick<Readers, 'layers'>,
  image: Image,
  driver: Pick<Driver, 'supportsShifting'>,
  wanted: WantedMaps,
): Foundation | undefined {
  if (image.layer === undefined) return undefined
  const candidates = [image.layer, ...image.mappedLayers]
    .map((id) => tables.layers.find(id))
    .filter((layer) => layer !== undefined)
  const [first] = candidates
  if (first === undefined) throw new Fault({ code: 'layer-unknown', layer: image.layer })
  const maps = wanted === 'host' || wanted === undefined ? {} : wanted
  const fit = candidates.find((layer) => fits(layer, maps, driver))
  const layer = fit ?? first
  const tarSplitPath = tables.layers.tarSplitPath(layer.id)
  if (fit !== undefined) return { layer, tarSplitPath }
  return { layer, tarSplitPath, copyMaps: isMapped(maps) && driver.supportsShifting(maps) ? {} : maps }
}

function fits(layer: Layer, maps: IdMaps, driver: Pick<Driver, 'supportsShifting'>): boolean {
  const own = mapsOf(layer)
  return sameMaps(own, maps) || (!isMapped(own) && isMapped(maps) && driver.supportsShifting(maps))
}
