import type { Descriptor, DiffId, ImageId, LayerId, ManifestDigest } from '#model'
import { layerIdOfDiffId, type Readers } from '#store'
import type { ResolvedImage } from './resolve-image.ts'

/** What is to be done for one layer. */
export type LayerPlan =
  /** The store has it: the same content on top of the same layers. */
  | (LayerIdentity & { readonly kind: 'present' })
  /** The whole blob is to be read and unpacked. */
  | (LayerIdentity & { readonly kind: 'whole' })

export interface LayerIdentity {
  readonly id: LayerId
  readonly parent?: LayerId
  readonly diffId: DiffId
  readonly blob: Descriptor
}

/** What a pull would do, as data: a dry run prints it. */
export interface PullPlan {
  readonly image: ImageId
  readonly manifestDigest: ManifestDigest
  /** Names that the image will bear besides those that it has. */
  readonly names: readonly string[]
  /** Bottom first. Those that are present come before those that are not. */
  readonly layers: readonly LayerPlan[]
  /** Bytes of the blobs that have to be read. */
  readonly bytesToRead: number
}

/** Pure: what the store has is asked of `layers`. */
export function planPull(
  image: ResolvedImage,
  names: readonly string[],
  layers: Pick<Readers['layers'], 'find'>,
): PullPlan {
  const planned: LayerPlan[] = []
  let parent: LayerId | undefined
  let allPresent = true
  for (const identity of identities(image)) {
    allPresent &&= isPresent(layers, identity, parent)
    planned.push({ kind: allPresent ? 'present' : 'whole', ...identity })
    parent = identity.id
  }
  const bytesToRead = planned.reduce((sum, layer) => sum + (layer.kind === 'whole' ? layer.blob.size : 0), 0)
  return { image: image.id, manifestDigest: image.manifestDigest, names, layers: planned, bytesToRead }
}

function identities({ manifest, config }: ResolvedImage): readonly LayerIdentity[] {
  let parent: LayerId | undefined
  return config.diffIds.flatMap((diffId, at) => {
    const blob = manifest.layers[at]
    if (blob === undefined) return []
    const identity = { id: layerIdOfDiffId(parent, diffId), ...(parent === undefined ? {} : { parent }), diffId, blob }
    parent = identity.id
    return [identity]
  })
}

// The id says it all where it was made by the rule; that somebody gave it to other content is possible, and told by the record.
function isPresent(
  layers: Pick<Readers['layers'], 'find'>,
  wanted: LayerIdentity,
  parent: LayerId | undefined,
): boolean {
  const layer = layers.find(wanted.id)
  return layer !== undefined && layer.id === wanted.id && layer.diffId === wanted.diffId && layer.parent === parent
}
