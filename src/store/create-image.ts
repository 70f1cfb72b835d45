import {
  type Cancellable,
  type Digest,
  digestProblem,
  Fault,
  type Image,
  type ImageId,
  parseDigest,
  parseImageId,
} from '#model'
import { bigDataItem } from './big-data-item.ts'
import { imageRecord, type NewImage } from './commit-image.ts'
import { defined } from './defined.ts'
import { randomId } from './layer-ids.ts'
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
  const { digest: text, layer: layerName, ...rest } = image
  const digest = text === undefined || text === '' ? undefined : parseImageDigest(text)
  const id = image.id ?? parseImageId(randomId())
  const bigData = (image.bigData ?? []).map(bigDataItem)
  return await store.transact(
    { read: ['layers'], write: ['images'] },
    (tx) => {
      const layer = layerName === undefined || layerName === '' ? undefined : tx.layers.get(layerName).id
      const record = imageRecord({ ...rest, id, ...defined({ digest }) }, layer)
      return tx.images.add({ ...record, names: image.names ?? [] }, bigData)
    },
    options,
  )
}

function parseImageDigest(text: string): Digest {
  const problem = digestProblem(text)
  if (problem !== undefined) throw new Fault({ code: 'image-digest-invalid', digest: text, problem, of: 'new-image' })
  return parseDigest(text)
}
