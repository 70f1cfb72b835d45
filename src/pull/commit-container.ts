import { createHash } from 'node:crypto'
import {
  type DiffId,
  type Image,
  layerMediaType,
  type LayerId,
  mediaTypes,
  parseBlobDigest,
  parseImageId,
  parseManifestDigest,
  type TaskOptions,
  Fault,
  timestampOfNanoseconds,
} from '#model'
import { commitImage, diff, getContainer, type ImageItem, stageLayer, type Store } from '#store'
import { parseLocalName } from './parse-local-name.ts'
import { readStoredImage, type StoredImage } from './stored-image.ts'

export interface CommitOptions extends TaskOptions {
  /** What stands in the image's history about this step. */
  readonly comment?: string | undefined
  readonly author?: string | undefined
}

/**
 * Makes an image of what a container changed: a layer on top of its image's, and the image's config with one more step of history.
 * The container stays as it is; it should not be written to meanwhile. Of its base nothing is copied.
 * @throws Fault `container-unknown`, `unsupported` for a container without an image, `reference-invalid`, and as `commitImage`
 */
export async function commitContainer(
  store: Store,
  nameOrId: string,
  name: string,
  options: CommitOptions = {},
): Promise<Image> {
  const names = [parseLocalName(name)]
  const container = await getContainer(store, nameOrId, options)
  if (container.image === undefined) {
    throw new Fault({
      code: 'unsupported',
      what: 'making an image of a container that has none below it',
      by: 'commit',
    })
  }
  const base = await readStoredImage(store, container.image, options)
  const changes = await diff(store, container.layer, { signal: options.signal, compression: 'uncompressed' })
  await using staged = await stageLayer(store, { ...parentOf(base), blob: { kind: 'stream', bytes: changes } }, options)

  const { diffId, diffSize } = staged.unpacked
  const created = timestampOfNanoseconds(BigInt(Date.now()) * 1_000_000n)
  const config = Buffer.from(JSON.stringify(configWith(base, { diffId, created, container: container.id }, options)))
  const configDigest = parseBlobDigest(digestOf(config))
  const manifest = Buffer.from(
    JSON.stringify(manifestWith(base, { digest: configDigest, size: config.length }, { diffId, diffSize })),
  )
  const manifestDigest = parseManifestDigest(digestOf(manifest))
  const bigData: readonly ImageItem[] = [
    { key: configDigest, bytes: config, digest: configDigest },
    { key: `manifest-${manifestDigest}`, bytes: manifest, digest: manifestDigest },
    { key: 'manifest', bytes: manifest, digest: manifestDigest },
  ]
  const id = parseImageId(configDigest.slice('sha256:'.length))
  const image = { id, names, digest: manifestDigest, layer: staged.id, metadata: '{}', bigData, created }
  return await commitImage(store, { layers: [staged], image }, options)
}

function parentOf({ layers }: StoredImage): { readonly parent?: LayerId } {
  const parent = layers.at(-1)?.id
  return parent === undefined ? {} : { parent }
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

interface Step {
  readonly diffId: DiffId
  readonly created: string
  readonly container: string
}

/** The base's config with everything in it that nobody here knows, one layer and one step longer. */
function configWith({ configBytes, config }: StoredImage, step: Step, { comment, author }: CommitOptions): unknown {
  const before = JSON.parse(Buffer.from(configBytes).toString('utf8')) as Readonly<Record<string, unknown>>
  const history: readonly unknown[] = Array.isArray(before['history']) ? before['history'] : []
  const entry = {
    created: step.created,
    created_by: `shale commit ${step.container}`,
    ...(author === undefined ? {} : { author }),
    ...(comment === undefined ? {} : { comment }),
  }
  return {
    ...before,
    created: step.created,
    ...(author === undefined ? {} : { author }),
    rootfs: { type: 'layers', diff_ids: [...config.diffIds, step.diffId] },
    history: [...history, entry],
  }
}

interface Measured {
  readonly digest: string
  readonly size: number
}

function manifestWith(
  { manifest }: StoredImage,
  config: Measured,
  added: { readonly diffId: DiffId; readonly diffSize: number },
): unknown {
  const isDocker = manifest.format === 'docker'
  const layer = {
    mediaType: layerMediaType(manifest.format, 'uncompressed'),
    digest: added.diffId,
    size: added.diffSize,
  }
  return {
    schemaVersion: 2,
    mediaType: isDocker ? mediaTypes.dockerManifest : mediaTypes.ociManifest,
    config: {
      mediaType: isDocker ? mediaTypes.dockerConfig : mediaTypes.ociConfig,
      digest: config.digest,
      size: config.size,
    },
    layers: [...manifest.layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })), layer],
  }
}
