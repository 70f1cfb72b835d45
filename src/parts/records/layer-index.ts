import type { Layer } from '#model'

/** Layers by something they have, made when it is first asked for: most runs of a program never ask. */
export class LayerIndex {
  readonly #keyOf: (layer: Layer) => string | undefined
  #index: Map<string, Layer[]> | undefined

  constructor(keyOf: (layer: Layer) => string | undefined) {
    this.#keyOf = keyOf
  }

  forget(): void {
    this.#index = undefined
  }

  get(key: string, layers: () => readonly Layer[]): readonly Layer[] {
    this.#index ??= this.#build(layers())
    return this.#index.get(key) ?? []
  }

  #build(layers: readonly Layer[]): Map<string, Layer[]> {
    const index = new Map<string, Layer[]>()
    for (const layer of layers) {
      const key = this.#keyOf(layer)
      if (key === undefined) continue
      const found = index.get(key)
      if (found === undefined) index.set(key, [layer])
      else found.push(layer)
    }
    return index
  }
}
