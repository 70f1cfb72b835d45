import {
  type Cancellable,
  Fault,
  type Image,
  type ImageConfig,
  type ImageManifest,
  type Layer,
  parseImageConfig,
  parseManifest,
} from '#model'
import { getImage, readBigData, type Store } from '#store'
import { refuseOtherBytes } from './refuse-other-bytes.ts'

/** An image of the store with all that is needed to give it out. */
export interface StoredImage {
  readonly image: Image
  readonly manifest: ImageManifest
  readonly manifestBytes: Uint8Array
  readonly config: ImageConfig
  readonly configBytes: Uint8Array
  /** Bottom first, one for each layer of the manifest. */
  readonly layers: readonly Layer[]
}

/**
 * Reads an image's manifest, config and chain of layers, and compares them.
 * @throws Fault `image-unknown`, `layer-unknown`, `big-data-unknown`, `manifest-invalid`, `digest-mismatch`
 */
export async function readStoredImage(store: Store, name: string, options: Cancellable = {}): Promise<StoredImage> {
  const image = await getImage(store, name, options)
  const item = { kind: 'image', object: image.id } as const
  const manifestBytes = await readBigData(store, { ...item, key: 'manifest' }, options)
  const manifest = await parseManifest(manifestBytes)
  if (manifest.kind === 'index') throw invalid('the image was stored with an index instead of a manifest')
  const configBytes = await readBigData(store, { ...item, key: manifest.config.digest }, options)
  refuseOtherBytes(configBytes, manifest.config, 'image config')
  const config = await parseImageConfig(configBytes)
  const layers = await chainOf(store, image, options)
  refuseOtherLayers(layers, manifest, config)
  return { image, manifest, manifestBytes, config, configBytes, layers }
}

function invalid(problem: string): Fault {
  return new Fault({ code: 'manifest-invalid', problem })
}

async function chainOf(store: Store, image: Image, options: Cancellable): Promise<readonly Layer[]> {
  return await store.transact(
    { read: ['layers'] },
    (tx) => {
      const chain: Layer[] = []
      const seen = new Set<string>()
      for (let id = image.layer; id !== undefined && !seen.has(id); id = chain.at(-1)?.parent) {
        seen.add(id)
        chain.push(tx.layers.get(id))
      }
      return chain.toReversed()
    },
    options,
  )
}

function refuseOtherLayers(layers: readonly Layer[], manifest: ImageManifest, config: ImageConfig): void {
  const [stored, listed, described] = [layers.length, manifest.layers.length, config.diffIds.length]
  if (stored === listed && stored === described) return
  throw invalid(`the store has ${stored} layers of the image, its manifest lists ${listed}, its config ${described}`)
}
