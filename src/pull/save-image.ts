import { resolve } from 'node:path'
import { type DiffId, Fault, type ManifestDigest, parseBlobDigest, type TaskOptions } from '#model'
import type { Store } from '#store'
import { openDirDestination } from './dir-destination.ts'
import { openDockerArchiveDestination } from './docker-archive-destination.ts'
import { type ImageAddress, parseImageAddress } from './image-address.ts'
import type { ImageDestination } from './image-destination.ts'
import { openOciArchiveDestination } from './oci-archive-destination.ts'
import { openOciDestination } from './oci-destination.ts'
import { tarSize } from './layer-tar.ts'
import { blobOfLayer, codecFor, keptBlobFor, type LayerToSave, type SaveCompression } from './saved-layer.ts'
import { manifestFor, refuseNewManifest, type SavedBlob, type SavedManifest } from './saved-manifest.ts'
import { readStoredImage, type StoredImage } from './stored-image.ts'

export interface SaveOptions extends TaskOptions {
  /** Default `keep`: each layer as it came. The layers of a Docker archive are always plain. */
  readonly compression?: SaveCompression | undefined
  /** gzip 1 to 9, zstd 1 to 22. */
  readonly compressionLevel?: number | undefined
  /** Refuse to write other digests than those the image came with. */
  readonly preserveDigests?: boolean | undefined
  /** Layers written at the same time. Default 2. */
  readonly concurrency?: number | undefined
}

export interface SavedImage {
  readonly manifestDigest: ManifestDigest
  /** `verbatim`: every digest is as it was when the image came. */
  readonly manifest: SavedManifest['kind']
  readonly layers: SavedManifest['layers']
}

/**
 * Writes an image of the store to `oci:DIRECTORY[:REFERENCE]`, `oci-archive:FILE[:REFERENCE]`, `docker-archive:FILE[:REFERENCE]`
 * or `dir:DIRECTORY`. Each layer is played back as the tar it came as and compared with its diffID. Blobs that get the digests
 * they came with go with the original manifest, byte for byte; else there is a new manifest over the same config, so that the
 * image's id and diffIDs are the same. The same image and options give the same bytes.
 *
 * The destination appears when it is complete, and is durable where the store is; a save that fails or is cancelled leaves
 * nothing there.
 * @throws Fault `image-unknown`, `destination-in-use`, `digest-not-preserved`, `digest-mismatch`, `content-modified`,
 *   `option-invalid`, `reference-invalid`; ErrnoException; the signal's reason
 */
export async function saveImage(
  store: Store,
  image: string,
  to: string,
  options: SaveOptions = {},
): Promise<SavedImage> {
  const address = parseImageAddress(to)
  const stored = await readStoredImage(store, image, options)
  await using destination = await openDestination(store, address, { ...options, image: stored })
  const layers = layersToSave(stored, address, options)
  const blobs = await putLayers(store, { layers, destination }, options)
  const manifest = manifestFor(stored, blobs, destination.formats)
  if (options.preserveDigests === true) refuseNewManifest(stored, manifest)
  await destination.finish(stored, manifest)
  return { manifestDigest: manifest.digest, manifest: manifest.kind, layers: manifest.layers }
}

async function openDestination(
  store: Store,
  address: ImageAddress,
  { image, preserveDigests }: SaveOptions & { readonly image: StoredImage },
): Promise<ImageDestination> {
  const path = resolve(address.path)
  const { durability } = store
  switch (address.transport) {
    case 'oci':
      return await openOciDestination({ path, reference: address.reference }, durability)
    case 'oci-archive':
      return await openOciArchiveDestination({ path, reference: address.reference }, durability)
    case 'dir':
      return await openDirDestination(path, durability)
    case 'docker-archive': {
      if (address.place !== undefined) {
        throw new Fault({
          code: 'option-invalid',
          option: 'docker-archive',
          problem: 'an @ place can be read, not written',
        })
      }
      if (preserveDigests === true) {
        const problem = 'a Docker archive holds no manifest'
        throw new Fault({ code: 'digest-not-preserved', image: image.image.id, problem })
      }
      return await openDockerArchiveDestination({ path, reference: address.reference, image }, durability)
    }
  }
}

function layersToSave(stored: StoredImage, address: ImageAddress, options: SaveOptions): readonly LayerToSave[] {
  const wanted = address.transport === 'docker-archive' ? 'none' : (options.compression ?? 'keep')
  return stored.layers.flatMap((layer, at) => {
    const diffId: DiffId | undefined = stored.config.diffIds[at]
    return diffId === undefined
      ? []
      : [{ layer, diffId, codec: codecFor(layer, wanted), ...keptBlobFor(layer, wanted) }]
  })
}

interface LayersToPut {
  readonly layers: readonly LayerToSave[]
  readonly destination: ImageDestination
}

/** Several at once, in order of beginning; the first failure stops the others, and all have stopped when this returns. */
async function putLayers(
  store: Store,
  { layers, destination }: LayersToPut,
  options: SaveOptions,
): Promise<readonly SavedBlob[]> {
  const failing = new AbortController()
  const signal = options.signal === undefined ? failing.signal : AbortSignal.any([options.signal, failing.signal])
  const blobs: SavedBlob[] = []
  const waiting = layers.entries()
  const worker = async (): Promise<void> => {
    for (const [at, layer] of waiting) {
      signal.throwIfAborted()
      const bytes = blobOfLayer(store, layer, {
        signal,
        onProgress: options.onProgress,
        level: options.compressionLevel,
      })
      const plain = { digest: parseBlobDigest(layer.diffId), size: await tarSize(store, layer.layer, { signal }) }
      blobs[at] = { ...(await destination.putBlob(bytes, { plain, signal })), codec: layer.codec }
    }
  }
  const workers = Array.from({ length: destination.concurrency ?? options.concurrency ?? 2 }, async () => {
    try {
      await worker()
    } catch (error) {
      failing.abort(error)
      throw error
    }
  })
  const failed = (await Promise.allSettled(workers)).find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failing.signal.aborted ? failing.signal.reason : failed.reason
  return blobs
}
