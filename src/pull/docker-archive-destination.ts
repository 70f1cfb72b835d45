import {
  type BlobDigest,
  type Descriptor,
  Fault,
  formatReference,
  hexOf,
  isFault,
  parseReference,
  withDefaultTag,
} from '#model'
import { measured } from '#ground/bytes'
import type { Durability } from '#store'
import { openArchiveFile } from './archive-file.ts'
import { blobIdentity, type ImageDestination } from './image-destination.ts'
import type { StoredImage } from './stored-image.ts'

export interface DockerArchiveDestination {
  readonly path: string
  /** The image's name in the archive. Default: all names with a tag that it has in the store. */
  readonly reference?: string | undefined
  readonly image: StoredImage
}

/**
 * What `docker save` writes and `docker load` and `podman load` read: plain layers, the config, manifest.json. Layers are
 * written as they flow, one after the other: their sizes are known. @throws Fault `destination-in-use`, `reference-invalid`
 */
export async function openDockerArchiveDestination(
  { path, reference, image }: DockerArchiveDestination,
  durability: Durability,
): Promise<ImageDestination> {
  const names = reference === undefined ? tagsOf(image) : [tagOf(reference)]
  const archive = await openArchiveFile(path, durability)
  const written = new Set<BlobDigest>()
  return {
    formats: 'any',
    concurrency: 1,
    putBlob: async (bytes, { plain, signal }) => {
      // The same layer twice in an image is one file in the archive.
      if (written.has(plain.digest)) return plain
      const meter = measured(bytes)
      await archive.addFile(layerName(plain), plain.size, meter, { signal })
      written.add(plain.digest)
      return blobIdentity(meter.measurement())
    },
    finish: async ({ manifest, configBytes, config }, saved) => {
      const configName = `${hexOf(manifest.config.digest)}.json`
      await archive.addFile(configName, configBytes.byteLength, [configBytes])
      const layers = saved.layers.slice(0, config.diffIds.length).map((layer) => layerName(layer))
      const list = Buffer.from(JSON.stringify([{ Config: configName, RepoTags: names, Layers: layers }]))
      await archive.addFile('manifest.json', list.byteLength, [list])
      await archive.finish()
    },
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  }
}

function layerName({ digest }: Pick<Descriptor, 'digest'>): string {
  return `${hexOf(digest)}.tar`
}

function tagsOf({ image }: StoredImage): readonly string[] {
  return image.names.filter((name) => {
    try {
      return parseReference(name).tag !== undefined
    } catch (error) {
      // Other programs may have given an image a name that is no reference.
      if (isFault(error, 'reference-invalid')) return false
      throw error
    }
  })
}

function tagOf(text: string): string {
  const reference = withDefaultTag(parseReference(text))
  if (reference.tag !== undefined) return formatReference(reference)
  throw new Fault({ code: 'reference-invalid', text, problem: 'an image in a Docker archive has a tag, not a digest' })
}
