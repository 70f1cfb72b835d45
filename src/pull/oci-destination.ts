import { mkdir, readFile, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { algorithmOf, type Digest, Fault, hexOf, isFault, parseManifest } from '#model'
import type { Durability } from '#store'
import { namesIn } from './names-in.ts'
import type { ImageDestination } from './image-destination.ts'
import type { SavedManifest } from './saved-manifest.ts'
import { openStagingDirectory, stageBlob, type StagingDirectory, syncDirectory, writeFile } from './staged-blobs.ts'
import type { StoredImage } from './stored-image.ts'

/** Where a layout is written, and what the image is called in it. */
export interface OciDestination {
  readonly path: string
  /** Becomes the annotation `org.opencontainers.image.ref.name`; another image of this name in the layout loses it. */
  readonly reference?: string | undefined
}

/**
 * An OCI image layout. A new one appears complete, by one rename. To one that is there the image is added: blobs first, then
 * the new index.json by one rename; what dies in between leaves blobs that nobody names.
 * @throws Fault `destination-in-use` for a directory that is something else; ErrnoException
 */
export async function openOciDestination(place: OciDestination, durability: Durability): Promise<ImageDestination> {
  const { path } = place
  await mkdir(dirname(path), { recursive: true })
  const state = await stateOf(path)
  const staging = await openStagingDirectory(path, durability)
  await mkdir(join(staging.path, 'blobs', 'sha256'), { recursive: true })
  return {
    formats: 'oci',
    putBlob: async (bytes, options) => await stageBlob(staging, bytes, blobName, options),
    finish: async (image, manifest) => {
      await stageMetadata(staging, image, manifest)
      if (state === 'absent') return await becomeLayout(place, staging, manifest)
      await addToLayout(place, staging, await changedIndex(place, manifest))
    },
    [Symbol.asyncDispose]: () => staging[Symbol.asyncDispose](),
  }
}

async function stateOf(path: string): Promise<'layout' | 'empty' | 'absent'> {
  const names = await namesIn(path)
  if (names === undefined) return 'absent'
  if (names.length === 0) return 'empty'
  if (names.includes('oci-layout') && names.includes('index.json')) return 'layout'
  throw new Fault({ code: 'destination-in-use', path, problem: 'the directory is not empty, and no OCI image layout' })
}

/** Relative to the layout. */
export function blobName(digest: Digest): string {
  return join('blobs', algorithmOf(digest), hexOf(digest))
}

/** Config and manifest. */
export async function stageMetadata(
  staging: StagingDirectory,
  image: StoredImage,
  manifest: SavedManifest,
): Promise<void> {
  const configName = blobName(image.manifest.config.digest)
  await mkdir(join(staging.path, dirname(configName)), { recursive: true })
  await writeFile(join(staging.path, configName), [image.configBytes], staging)
  await writeFile(join(staging.path, blobName(manifest.digest)), [manifest.bytes], staging)
}

/** The rest of a layout with this one image, in a staging directory. */
export async function completeLayout(
  staging: StagingDirectory,
  manifest: SavedManifest,
  reference: string | undefined,
): Promise<void> {
  await stageText(staging, 'oci-layout', layoutFile)
  await stageText(staging, 'index.json', JSON.stringify(newIndex(manifest, reference)))
  await syncDirectory(join(staging.path, 'blobs', 'sha256'), staging.durability)
  await syncDirectory(join(staging.path, 'blobs'), staging.durability)
  await syncDirectory(staging.path, staging.durability)
}

const layoutFile = '{"imageLayoutVersion":"1.0.0"}'

async function stageText(staging: StagingDirectory, name: string, text: string): Promise<string> {
  const path = join(staging.path, name)
  await writeFile(path, [Buffer.from(text)], staging)
  return path
}

async function becomeLayout(
  { path, reference }: OciDestination,
  staging: StagingDirectory,
  manifest: SavedManifest,
): Promise<void> {
  await completeLayout(staging, manifest, reference)
  await rename(staging.path, path)
  await syncDirectory(dirname(path), staging.durability)
}

function newIndex(manifest: SavedManifest, reference: string | undefined) {
  return { schemaVersion: 2, manifests: [entryOf(manifest, reference)] }
}

function entryOf(manifest: SavedManifest, reference: string | undefined) {
  const annotations = reference === undefined ? {} : { annotations: { [refName]: reference } }
  return { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.bytes.byteLength, ...annotations }
}

const refName = 'org.opencontainers.image.ref.name'

async function addToLayout({ path }: OciDestination, staging: StagingDirectory, index: unknown): Promise<void> {
  for (const algorithm of (await namesIn(join(staging.path, 'blobs'))) ?? []) {
    const [from, to] = [join(staging.path, 'blobs', algorithm), join(path, 'blobs', algorithm)]
    await mkdir(to, { recursive: true })
    for (const hex of (await namesIn(from)) ?? []) await rename(join(from, hex), join(to, hex))
    await syncDirectory(to, staging.durability)
  }
  await rename(await stageText(staging, 'oci-layout', layoutFile), join(path, 'oci-layout'))
  await rename(await stageText(staging, 'index.json', JSON.stringify(index)), join(path, 'index.json'))
  await syncDirectory(path, staging.durability)
}

/** The layout's index with this image in it; whatever else it says is kept. */
async function changedIndex({ path, reference }: OciDestination, manifest: SavedManifest): Promise<unknown> {
  const file = join(path, 'index.json')
  if ((await namesIn(path))?.includes('index.json') !== true) return newIndex(manifest, reference)
  const bytes = await readFile(file)
  await refuseBrokenIndex(file, bytes)
  const index = JSON.parse(bytes.toString('utf8')) as { readonly manifests?: readonly IndexEntry[] | null }
  const others = (index.manifests ?? []).filter((entry) => !isReplaced(entry, manifest, reference))
  return { ...index, manifests: [...others, entryOf(manifest, reference)] }
}

interface IndexEntry {
  readonly digest: string
  readonly annotations?: Readonly<Record<string, string>> | null
}

function isReplaced(entry: IndexEntry, manifest: SavedManifest, reference: string | undefined): boolean {
  const name = entry.annotations?.[refName]
  return reference === undefined ? name === undefined && entry.digest === manifest.digest : name === reference
}

async function refuseBrokenIndex(file: string, bytes: Uint8Array): Promise<void> {
  try {
    const index = await parseManifest(bytes)
    if (index.kind === 'index') return
  } catch (error) {
    if (!isFault(error, 'manifest-invalid')) throw error
    throw new Fault({ code: 'destination-in-use', path: file, problem: error.message }, { cause: error })
  }
  throw new Fault({ code: 'destination-in-use', path: file, problem: 'it is not an index' })
}
