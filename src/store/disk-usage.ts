import type { Container, Image, LayerId, TaskOptions } from '#model'
import type { Store } from './store.ts'

export interface ImageUsage {
  readonly image: Image
  /** Bytes on disk of layers that no other image and no container outside of it needs, and of its big data. */
  readonly unique: number
  /** Bytes on disk of layers that other images need too. */
  readonly shared: number
  readonly containers: number
}

export interface ContainerUsage {
  readonly container: Container
  readonly bytes: number
}

export interface StoreUsage {
  readonly images: readonly ImageUsage[]
  readonly containers: readonly ContainerUsage[]
  /** Layers that no image and no container refers to. */
  readonly unreferenced: readonly { readonly layer: LayerId; readonly bytes: number }[]
  /** What crashes left behind: content that no record knows, and temporary directories nobody holds. */
  readonly leftovers: readonly { readonly path: string; readonly bytes: number }[]
  /** All of the above, every layer once. */
  readonly total: number
}

/** What lies on the disk and who needs it (`df`). Blocks as allocated, hard links within a layer once. */
export async function diskUsage(store: Store, options: TaskOptions = {}): Promise<StoreUsage> {
  throw new Error(`${store.root}${options.signal}`)
}
