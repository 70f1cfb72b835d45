import { type Image, isFault, type Platform, type TaskOptions } from '#model'
import type { UnpackLimits } from '#parts/unpack'
import { commitImage, type ImageItem, type LayerSource, type NewImage, stageLayers, type Store } from '#store'
import type { ImageSource } from './image-source.ts'
import { openImageSource } from './open-image-source.ts'
import { type LayerPlan, planPull, type PullPlan } from './plan-pull.ts'
import { parseLocalName } from './parse-local-name.ts'
import { type ResolvedImage, resolveImage } from './resolve-image.ts'

export interface PullOptions extends TaskOptions {
  /** Which image of an index. Default: the host's. */
  readonly platform?: Platform | undefined
  /** Instead of the names that the image has where it comes from; `[]` for none. Without a host they are of localhost. */
  readonly names?: readonly string[] | undefined
  readonly limits?: Partial<UnpackLimits> | undefined
  /** Keep the blobs of layers too, so that `saveImage` can write the very bytes that came. Their size is the price. */
  readonly keepBlobs?: boolean | undefined
  /** Blobs unpacked at the same time. Default: what the store thinks best. */
  readonly concurrency?: number | undefined
  /** For what has to be decompressed before it can be read at random. Default: `$TMPDIR`, else /var/tmp. */
  readonly temporaryDirectory?: string | undefined
  /** Told once, before anything is read; again if another program changed the store meanwhile. */
  readonly onPlan?: ((plan: PullPlan) => void) | undefined
}

export interface PulledImage {
  readonly image: Image
  readonly plan: PullPlan
}

/**
 * Brings an image into the store, stored as Podman, Buildah and Skopeo store it (spec/chunked §5): ids, names, big data,
 * metadata. Layers that are there are used; the others are unpacked several at once, with no lock held, compared with the
 * digests of manifest and config, made durable, and committed together with the image in one transaction.
 *
 * A pull that fails, is cancelled or dies leaves the records and the content of the store as they were; what a killed one had
 * staged is removed by the next writer.
 * @throws Fault of `openImageSource`, `resolveImage`, `stageLayers` and `commitImage`; the signal's reason
 */
export async function pullImage(
  store: Store,
  from: string | ImageSource,
  options: PullOptions = {},
): Promise<PulledImage> {
  if (typeof from !== 'string') return await pullFrom(store, from, options)
  await using source = await openImageSource(from, options)
  return await pullFrom(store, source, options)
}

/** What `pullImage` would do; nothing is written. */
export async function planImagePull(
  store: Store,
  from: string | ImageSource,
  options: PullOptions = {},
): Promise<PullPlan> {
  if (typeof from !== 'string')
    return await planFor(store, await resolveImage(from, options), namesFor(from, options), options)
  await using source = await openImageSource(from, options)
  return await planFor(store, await resolveImage(source, options), namesFor(source, options), options)
}

/** Another program may remove layers that the plan builds on: then there is a new plan. */
const mostPlans = 3

async function pullFrom(store: Store, source: ImageSource, options: PullOptions): Promise<PulledImage> {
  const resolved = await resolveImage(source, options)
  const names = namesFor(source, options)
  for (let attempt = 1; ; attempt++) {
    const plan = await planFor(store, resolved, names, options)
    options.onPlan?.(plan)
    try {
      return { image: await executePlan(store, { source, resolved, plan }, options), plan }
    } catch (error) {
      if (attempt === mostPlans || !isFault(error, 'layer-unknown')) throw error
    }
  }
}

function namesFor(source: ImageSource, options: PullOptions): readonly string[] {
  const names = options.names === undefined ? source.names : options.names.map((name) => parseLocalName(name))
  return [...new Set(names)]
}

async function planFor(
  store: Store,
  image: ResolvedImage,
  names: readonly string[],
  options: PullOptions,
): Promise<PullPlan> {
  return await store.transact({ read: ['layers'] }, (tx) => planPull(image, names, tx.layers), options)
}

interface Pull {
  readonly source: ImageSource
  readonly resolved: ResolvedImage
  readonly plan: PullPlan
}

async function executePlan(store: Store, pull: Pull, options: PullOptions): Promise<Image> {
  const { plan, resolved, source } = pull
  const missing = plan.layers.filter((layer) => layer.kind === 'whole')
  const parent = missing[0]?.parent
  const chain = {
    layers: missing.map((layer) => layerSource(source, layer, options)),
    ...(parent === undefined ? {} : { parent }),
  }
  await using staged = await stageLayers(store, chain, stagingOptions(options))
  const image = newImage(resolved, plan)
  return await commitImage(store, { layers: staged.layers, image }, options)
}

function stagingOptions({ signal, onProgress, limits, concurrency }: PullOptions) {
  return {
    signal,
    onProgress,
    ...(limits === undefined ? {} : { limits }),
    ...(concurrency === undefined ? {} : { concurrency }),
  }
}

function layerSource(source: ImageSource, { id, diffId, blob }: LayerPlan, options: PullOptions): LayerSource {
  return {
    id,
    blob: async () => await source.blob(blob, { signal: options.signal }),
    expected: { diffId, blobDigest: blob.digest, blobSize: blob.size },
    ...(options.keepBlobs === true ? { keepBlob: true } : {}),
  }
}

/** The record as containers/image writes it; items in its order (spec/chunked §5). */
function newImage(resolved: ResolvedImage, plan: PullPlan): NewImage {
  const { config, manifest, manifestBytes, manifestDigest, index } = resolved
  const items: ImageItem[] = [
    { key: manifest.config.digest, bytes: resolved.configBytes, digest: manifest.config.digest },
  ]
  if (index !== undefined) items.push({ key: `manifest-${index.digest}`, bytes: index.bytes, digest: index.digest })
  items.push({ key: `manifest-${manifestDigest}`, bytes: manifestBytes, digest: manifestDigest })
  items.push({ key: 'manifest', bytes: manifestBytes, digest: manifestDigest })
  const top = plan.layers.at(-1)?.id
  return {
    id: resolved.id,
    names: plan.names,
    digest: manifestDigest,
    ...(top === undefined ? {} : { layer: top }),
    metadata: '{}',
    bigData: items,
    ...(config.created === undefined ? {} : { created: config.created }),
  }
}
