import type { Cancellable, Image, ImageId } from '#model'
import type { NewImage } from './commit-image.ts'
import type { Store } from './store.ts'

/** As `NewImage`, but as the `create-image` command wants it: random id, and a top layer by id, name or prefix. */
export interface ImageToCreate extends Omit<NewImage, 'id' | 'layer' | 'digest'> {
  readonly id?: ImageId
  readonly layer?: string
  /** Checked, with the texts of the Go tools. */
  readonly digest?: string
}

/**
 * A record over layers that are there (CreateImage, spec/store §5.6). Other than with `commitImage`, an id or a name that is in use
 * is refused, and names do not enter the history.
 * @throws Fault `id-in-use`, `name-in-use`, `layer-unknown`, `image-digest-invalid`
 */
export async function createImage(store: Store, image: ImageToCreate = {}, options: Cancellable = {}): Promise<Image> {
  throw new Error(`${store.root}${image.id}${options.signal}`)
}
