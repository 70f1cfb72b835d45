import type { ImageId, LayerId, TaskOptions } from '#model'
import type { Store } from './store.ts'

export interface DeletedImage {
  readonly image: ImageId
  /** In the order of removal: mapped layers, the top layer, then upwards. */
  readonly layers: readonly LayerId[]
}

export interface DeleteImageOptions extends TaskOptions {
  /** `plan`: nothing is changed; what would be is returned. Default: `execute`. */
  readonly mode?: 'plan' | 'execute'
}

/**
 * Removes an image and every layer that nothing else needs (spec/store §5.6), in one transaction. After a crash: as before, or the
 * image is gone and the next writer of the store finishes with its layers.
 * @throws Fault `not-a`, `image-in-use`
 */
export async function deleteImage(
  store: Store,
  nameOrId: string,
  options: DeleteImageOptions = {},
): Promise<DeletedImage> {
  throw new Error(`${store.root}${nameOrId}${options.signal}`)
}
