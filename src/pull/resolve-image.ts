import { digestOfBytes } from '#ground/bytes'
import {
  algorithmOf,
  type Cancellable,
  type Descriptor,
  Fault,
  formatPlatform,
  hexOf,
  type ImageConfig,
  imageConfigSizeLimit,
  type ImageId,
  type ImageIndex,
  type ImageManifest,
  isLayerMediaType,
  isPlatformAcceptable,
  type ManifestDigest,
  mediaTypes,
  parseImageConfig,
  parseImageId,
  parseManifest,
  parseManifestDigest,
  type Platform,
  platformOfHost,
  selectPlatform,
} from '#model'
import type { ImageSource, RawManifest } from './image-source.ts'
import { readBlob } from './read-blob.ts'
import { refuseOtherBytes } from './refuse-other-bytes.ts'

/** An image as its source describes it: every byte of it compared with the digest by which it was named. */
export interface ResolvedImage {
  readonly id: ImageId
  readonly manifest: ImageManifest
  readonly manifestBytes: Uint8Array
  readonly manifestDigest: ManifestDigest
  /** The index through which it was found, the outermost one. */
  readonly index?: { readonly bytes: Uint8Array; readonly digest: ManifestDigest }
  readonly config: ImageConfig
  readonly configBytes: Uint8Array
}

export interface ResolveOptions extends Cancellable {
  /** Which image of an index. Default: the host's. Given, it must also be what a single image says of itself. */
  readonly platform?: Platform | undefined
}

/**
 * Manifest and config of the image a source was opened at; of an index, the image for the platform.
 * @throws Fault `manifest-invalid`, `digest-mismatch`, `size-mismatch`, `limit-exceeded`, `platform-unavailable`, `unsupported`
 *   (an artifact that is no image), and those of the source
 */
export async function resolveImage(source: ImageSource, options: ResolveOptions = {}): Promise<ResolvedImage> {
  const top = await source.manifest(options)
  const { raw, manifest } = await descend(source, top, options)
  refuseArtifact(manifest)
  const configBytes = await readBlob(source, manifest.config, {
    what: 'an image config',
    most: imageConfigSizeLimit,
    ...options,
  })
  const config = await parseImageConfig(configBytes)
  refuseOtherLayerCount(manifest, config)
  refuseOtherPlatform(config, options.platform)
  const manifestDigest = digestOf(raw.bytes)
  const index = raw === top ? {} : { index: { bytes: top.bytes, digest: digestOf(top.bytes) } }
  const id = parseImageId(hexOf(manifest.config.digest))
  return { id, manifest, manifestBytes: raw.bytes, manifestDigest, ...index, config, configBytes }
}

/** An index in an index is lawful, though nobody makes more than one. */
const mostIndexes = 4

async function descend(
  source: ImageSource,
  top: RawManifest,
  options: ResolveOptions,
): Promise<{ readonly raw: RawManifest; readonly manifest: ImageManifest }> {
  let raw = top
  for (let depth = 0; depth <= mostIndexes; depth++) {
    const manifest = await parseManifest(raw.bytes, raw)
    if (manifest.kind === 'image') return { raw, manifest }
    const entry = selectPlatform(imagesOf(manifest), options.platform ?? platformOfHost())
    raw = await source.manifestOf(entry, options)
    refuseOtherBytes(raw.bytes, entry, 'manifest')
  }
  throw new Fault({ code: 'limit-exceeded', limit: 'indexes in one another', most: mostIndexes })
}

/** Signatures and attestations stand in an index beside the images, for a platform called unknown. */
function imagesOf(index: ImageIndex): readonly Descriptor[] {
  const isImage = new Set<string>([
    mediaTypes.ociManifest,
    mediaTypes.ociIndex,
    mediaTypes.dockerManifest,
    mediaTypes.dockerList,
    '',
  ])
  return index.manifests.filter((entry) => isImage.has(entry.mediaType) && entry.platform?.os !== 'unknown')
}

function digestOf(bytes: Uint8Array): ManifestDigest {
  return parseManifestDigest(digestOfBytes(bytes))
}

// Charts, signatures, policies and models travel as OCI artifacts: they have a manifest, and layers that are no changesets.
function refuseArtifact(manifest: ImageManifest): void {
  const configType = manifest.config.mediaType
  const isImage = new Set<string>([mediaTypes.ociConfig, mediaTypes.dockerConfig, ''])
  if (!isImage.has(configType))
    throw new Fault({
      code: 'unsupported',
      what: `an artifact of type ${configType}`,
      by: 'this store: it holds images',
    })
  for (const layer of manifest.layers) {
    if (layer.mediaType !== '' && !isLayerMediaType(layer.mediaType)) {
      throw new Fault({ code: 'unsupported', what: `a layer of type ${layer.mediaType}`, by: 'this version' })
    }
    if (algorithmOf(layer.digest) !== 'sha256') {
      throw new Fault({
        code: 'unsupported',
        what: `a layer named by ${algorithmOf(layer.digest)}`,
        by: 'this version',
      })
    }
  }
}

function refuseOtherLayerCount(manifest: ImageManifest, config: ImageConfig): void {
  const [layers, diffIds] = [manifest.layers.length, config.diffIds.length]
  if (layers === diffIds) return
  throw new Fault({
    code: 'manifest-invalid',
    problem: `it has ${layers} layers, and its config names the diffIDs of ${diffIds}`,
  })
}

function refuseOtherPlatform(config: ImageConfig, wanted: Platform | undefined): void {
  const { os, architecture, variant } = config
  if (os === '' || architecture === '') return
  const offered = { os, architecture, ...(variant === undefined ? {} : { variant }) }
  const isFitting = wanted === undefined ? os === 'linux' : isPlatformAcceptable(offered, wanted)
  if (isFitting) return
  const asked = wanted ?? platformOfHost()
  throw new Fault({ code: 'platform-unavailable', wanted: formatPlatform(asked), available: [formatPlatform(offered)] })
}
