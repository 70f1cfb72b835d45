import type { Image, LayerId } from '#model'
import type { Readers } from '#parts/records'

/**
 * The layers that nobody needs once this image is gone, in the order of their removal: mapped layers, the top layer, then upwards
 * until one is needed by another image, a container, or a layer that stays (spec/store §5.6).
 */
export function removableLayers(tables: Readers, image: Image): readonly LayerId[] {
  const going = new Set<LayerId>()
  const isNeeded = (layer: LayerId): boolean =>
    tables.containers.find(layer) !== undefined ||
    tables.images.withTopLayer(layer).some((other) => other.id !== image.id) ||
    tables.layers.childrenOf(layer).some((child) => !going.has(child.id))
  for (const layer of image.mappedLayers) {
    if (isThere(tables, layer) && !isNeeded(layer)) going.add(layer)
  }
  for (let layer = image.layer; layer !== undefined; layer = tables.layers.get(layer).parent) {
    if (!isThere(tables, layer) || isNeeded(layer)) break
    going.add(layer)
  }
  return [...going]
}

function isThere(tables: Pick<Readers, 'layers'>, layer: LayerId): boolean {
  return tables.layers.find(layer)?.id === layer
}
