import { contentOf, type Image, type ImageId, type Layer, type LayerId } from '#model'

/** The layers of an image, top first; ends where a parent is missing. */
export function chainOf(layers: ReadonlyMap<LayerId, Layer>, top: LayerId | undefined): readonly Layer[] {
  const chain: Layer[] = []
  const seen = new Set<LayerId>()
  for (let id = top; id !== undefined && !seen.has(id);) {
    seen.add(id)
    const layer = layers.get(id)
    if (layer === undefined) break
    chain.push(layer)
    id = layer.parent
  }
  return chain
}

/** Bytes of every image as recorded: its layers uncompressed, and its big data. Undefined where a layer's size is not recorded. */
export function imageSizesOf(all: {
  readonly layers: readonly Layer[]
  readonly images: readonly Image[]
}): ReadonlyMap<ImageId, number | undefined> {
  const layers = new Map(all.layers.map((layer) => [layer.id, layer]))
  return new Map(all.images.map((image) => [image.id, sizeOf(image, layers)]))
}

function sizeOf(image: Image, layers: ReadonlyMap<LayerId, Layer>): number | undefined {
  let sum = Object.values(image.bigDataSizes).reduce((total, size) => total + size, 0)
  for (const layer of chainOf(layers, image.layer)) {
    const content = contentOf(layer)
    if (content.kind === 'none' || content.diffSize === undefined) return undefined
    sum += content.diffSize
  }
  return sum
}
