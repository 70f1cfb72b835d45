import type { Cancellable } from '#model'
import type { Store } from './store.ts'

/** Recorded bytes of the uncompressed tar; undefined where none are recorded. @throws Fault `layer-unknown` */
export async function layerSize(store: Store, layer: string, options: Cancellable = {}): Promise<number | undefined> {
  throw new Error(`${store.root}${layer}${options.signal}`)
}

/** All layers reachable from the image's top layers, each once, and its big data (spec/store §5.6). @throws Fault `image-unknown`, `layer-unknown` */
export async function imageSize(store: Store, image: string, options: Cancellable = {}): Promise<number> {
  throw new Error(`${store.root}${image}${options.signal}`)
}

/** The container's own layer, its big data and its two directories. @throws Fault `container-unknown` */
export async function containerSize(store: Store, container: string, options: Cancellable = {}): Promise<number> {
  throw new Error(`${store.root}${container}${options.signal}`)
}
