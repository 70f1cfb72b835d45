import { open } from 'node:fs/promises'
import { decompressed, detectCompression, detectionBytes } from '#formats/compression'
import { digestOfBytes, fileStream } from '#ground/bytes'
import {
  type Descriptor,
  type DiffId,
  Fault,
  formatReference,
  imageConfigSizeLimit,
  mediaTypes,
  parseBlobDigest,
  parseImageConfig,
  parseReference,
  withDefaultTag,
} from '#model'
import { type ArchivedImage, readArchivedImages } from './docker-archive-manifest.ts'
import type { ImageSource } from './image-source.ts'
import type { FileStretch, NamedFiles } from './named-files.ts'
import { readStretch } from './read-stretch.ts'
import { type SpoolOptions, spoolToFile } from './spool-file.ts'

/**
 * An image of a `docker save` archive. There is no manifest in it that names digests: one is made of what is there, with the
 * layers uncompressed, byte for byte as containers/image makes it, so that both tools give the image one digest.
 * @throws Fault `archive-invalid`, `manifest-invalid`, `source-image-unknown`, `compression-invalid`
 */
export async function openDockerArchiveSource(
  files: NamedFiles,
  wanted: {
    readonly description: string
    readonly reference?: string | undefined
    readonly place?: number | undefined
  },
  options: SpoolOptions = {},
): Promise<ImageSource> {
  await using stack = new AsyncDisposableStack()
  const image = chosenImage(await readArchivedImages(files), wanted)
  const config = await readStretch(await findNamed(files, image.config), {
    what: 'an image config',
    most: imageConfigSizeLimit,
  })
  const { diffIds } = await parseImageConfig(config)
  if (diffIds.length !== image.layers.length) {
    throw invalid(files, `manifest.json names ${image.layers.length} layers, the config ${diffIds.length}`)
  }
  const blobs = await plainLayers(files, { image, diffIds }, stack, options)
  const configBlob = { digest: digestOf(config), size: config.byteLength }
  blobs.set(configBlob.digest, await findNamed(files, image.config))
  const manifest = manifestOf(configBlob, diffIds, blobs)
  const kept = stack.move()
  kept.use(files)
  return {
    description: wanted.description,
    names: image.names,
    manifest: () => Promise.resolve({ bytes: manifest, mediaType: mediaTypes.dockerManifest }),
    manifestOf: (entry) => Promise.reject(invalid(files, `there is no index in it: ${entry.digest}`)),
    blob: (blob) => Promise.resolve(blobOf(files, blobs, blob)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function invalid(files: NamedFiles, problem: string): Fault {
  return new Fault({ code: 'archive-invalid', source: files.description, problem })
}

function digestOf(bytes: Uint8Array) {
  return parseBlobDigest(digestOfBytes(bytes))
}

async function findNamed(files: NamedFiles, name: string): Promise<FileStretch> {
  const found = await files.find(name)
  if (found === undefined) throw invalid(files, `${JSON.stringify(name)} is missing`)
  return found
}

function chosenImage(
  images: readonly ArchivedImage[],
  {
    description,
    reference,
    place,
  }: { readonly description: string; readonly reference?: string | undefined; readonly place?: number | undefined },
): ArchivedImage {
  const found = place === undefined ? namedImage(images, reference) : images[place]
  if (found !== undefined) return found
  const available = images.map((image, at) => image.names[0] ?? `@${at}`)
  const asked = place === undefined ? reference : `@${place}`
  throw new Fault({
    code: 'source-image-unknown',
    source: description,
    available,
    ...(asked === undefined ? {} : { wanted: asked }),
  })
}

function namedImage(images: readonly ArchivedImage[], reference: string | undefined): ArchivedImage | undefined {
  if (reference === undefined) return images.length === 1 ? images[0] : undefined
  const name = formatReference(withDefaultTag(parseReference(reference)))
  return images.find((image) => image.names.includes(name))
}

/** Layers by diffID, uncompressed. One that is compressed goes to a nameless file: its size is part of the manifest. */
async function plainLayers(
  files: NamedFiles,
  { image, diffIds }: { readonly image: ArchivedImage; readonly diffIds: readonly DiffId[] },
  stack: AsyncDisposableStack,
  options: SpoolOptions,
): Promise<Map<string, FileStretch>> {
  const blobs = new Map<string, FileStretch>()
  for (const [at, diffId] of diffIds.entries()) {
    // A layer may stand twice in an image, most often an empty one.
    if (!blobs.has(diffId)) blobs.set(diffId, await plainLayer(files, image.layers[at] ?? '', stack, options))
  }
  return blobs
}

async function plainLayer(
  files: NamedFiles,
  name: string,
  stack: AsyncDisposableStack,
  options: SpoolOptions,
): Promise<FileStretch> {
  const stretch = await findNamed(files, name)
  await using file = await open(stretch.path)
  const start = Buffer.alloc(Math.min(detectionBytes, stretch.length))
  await file.read(start, 0, start.length, stretch.offset)
  const compression = detectCompression(start)
  if (compression === 'uncompressed') return stretch
  const { offset, length } = stretch
  const bytes = decompressed(fileStream(file.fd, { range: { offset, length }, signal: options.signal }), {
    compression,
  })
  const spool = await spoolToFile(bytes, length, options)
  return stack.use(spool).stretch
}

function manifestOf(
  config: Pick<Descriptor, 'digest' | 'size'>,
  diffIds: readonly DiffId[],
  blobs: ReadonlyMap<string, FileStretch>,
): Uint8Array {
  // The type says gzip and the blobs are not: what containers/image writes here, and everybody looks at the bytes.
  const layerType = 'application/vnd.docker.image.rootfs.diff.tar.gzip'
  const layers = diffIds.map((digest) => ({ mediaType: layerType, size: blobs.get(digest)?.length ?? 0, digest }))
  const { dockerManifest: mediaType, dockerConfig } = mediaTypes
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: { mediaType: dockerConfig, size: config.size, digest: config.digest },
      layers,
    }),
  )
}

function blobOf(files: NamedFiles, blobs: ReadonlyMap<string, FileStretch>, { digest }: Descriptor): FileStretch {
  const stretch = blobs.get(digest)
  if (stretch === undefined) throw invalid(files, `${digest} is missing`)
  return stretch
}
