import { digestOfBytes } from '#ground/bytes'
import {
  type BlobDigest,
  type Descriptor,
  Fault,
  type ImageManifest,
  layerMediaType,
  type ManifestDigest,
  mediaTypes,
  parseManifestDigest,
} from '#model'
import type { SavedCodec } from './saved-layer.ts'
import type { StoredImage } from './stored-image.ts'

/** A layer's blob as it was written. */
export interface SavedBlob {
  readonly digest: BlobDigest
  readonly size: number
  readonly codec: SavedCodec
}

export interface SavedManifest {
  readonly bytes: Uint8Array
  readonly digest: ManifestDigest
  readonly mediaType: string
  /** `verbatim`: the bytes that the image came with, so every digest is as it was. */
  readonly kind: 'verbatim' | 'new'
  readonly layers: readonly Descriptor[]
}

/**
 * The manifest for blobs that were written: the image's own where every blob has the digest it had and the destination takes
 * its format; else a new one, with the same config and so the same diffIDs and image id.
 */
export function manifestFor(stored: StoredImage, blobs: readonly SavedBlob[], formats: 'oci' | 'any'): SavedManifest {
  const { manifest, manifestBytes } = stored
  const isUnchanged = blobs.every((blob, at) => blob.digest === manifest.layers[at]?.digest)
  if (isUnchanged && (formats === 'any' || manifest.format === 'oci')) {
    return {
      bytes: manifestBytes,
      digest: digestOf(manifestBytes),
      mediaType: manifest.mediaType,
      kind: 'verbatim',
      layers: manifest.layers,
    }
  }
  const format = formats === 'any' && blobs.every(({ codec }) => codec !== 'zstd') ? manifest.format : 'oci'
  const layers = blobs.map((blob, at) => descriptorOf(blob, format, manifest.layers[at]))
  const fresh = newManifest(manifest, format, layers)
  const bytes = Buffer.from(JSON.stringify(fresh))
  return { bytes, digest: digestOf(bytes), mediaType: fresh.mediaType, kind: 'new', layers }
}

/** @throws Fault `digest-not-preserved` */
export function refuseNewManifest(stored: StoredImage, saved: SavedManifest): void {
  if (saved.kind === 'verbatim') return
  const changed = saved.layers.filter((layer, at) => layer.digest !== stored.manifest.layers[at]?.digest).length
  const problem =
    changed === 0
      ? `the destination takes OCI manifests only, and this one is ${stored.manifest.mediaType}`
      : `${changed} of ${saved.layers.length} layers came compressed by a program whose output cannot be made again`
  throw new Fault({ code: 'digest-not-preserved', image: stored.image.names[0] ?? stored.image.id, problem })
}

function digestOf(bytes: Uint8Array): ManifestDigest {
  return parseManifestDigest(digestOfBytes(bytes))
}

// These speak of places in the blob as it was compressed before.
const placeAnnotations = [
  'io.github.containers.zstd-chunked.',
  'io.containers.zstd-chunked.',
  'containerd.io/snapshot/stargz/',
]

function descriptorOf(blob: SavedBlob, format: 'oci' | 'docker', before: Descriptor | undefined): Descriptor {
  const { digest, size, codec } = blob
  const mediaType = layerMediaType(format, codec)
  if (mediaType === undefined)
    throw new Fault({ code: 'unsupported', what: `a ${codec} layer`, by: `${format} manifests` })
  const kept = Object.entries(before?.annotations ?? {}).filter(
    ([key]) => before?.digest === digest || !placeAnnotations.some((prefix) => key.startsWith(prefix)),
  )
  return { mediaType, digest, size, ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }) }
}

// Fields in the order in which the Go tools write them.
function newManifest(manifest: ImageManifest, format: 'oci' | 'docker', layers: readonly Descriptor[]) {
  const { digest, size } = manifest.config
  if (format === 'docker') {
    const config = { mediaType: mediaTypes.dockerConfig, size, digest }
    const dockerLayers = layers.map((layer) => ({ mediaType: layer.mediaType, size: layer.size, digest: layer.digest }))
    return { schemaVersion: 2, mediaType: mediaTypes.dockerManifest, config, layers: dockerLayers }
  }
  const config = { mediaType: mediaTypes.ociConfig, digest, size }
  const annotations = manifest.annotations === undefined ? {} : { annotations: manifest.annotations }
  return { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers, ...annotations }
}
