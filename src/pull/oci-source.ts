import { basename } from 'node:path'
import {
  algorithmOf,
  type Descriptor,
  type Digest,
  Fault,
  formatReference,
  hexOf,
  isFault,
  manifestSizeLimit,
  mediaTypes,
  parseLocalReference,
  parseManifest,
} from '#model'
import type { ImageSource } from './image-source.ts'
import type { FileStretch, NamedFiles } from './named-files.ts'
import { readStretch } from './read-stretch.ts'
import { refuseOtherBytes } from './refuse-other-bytes.ts'

const refName = 'org.opencontainers.image.ref.name'
const fullName = 'io.containerd.image.name'

/**
 * An OCI image layout (OCI image-spec "Image Layout"), as a directory or in an archive. The reference is the annotation
 * `org.opencontainers.image.ref.name`; without one there has to be a single image.
 * @throws Fault `archive-invalid`, `manifest-invalid`, `source-image-unknown`
 */
export async function openOciSource(
  files: NamedFiles,
  wanted: { readonly description: string; readonly path: string; readonly reference?: string | undefined },
): Promise<ImageSource> {
  const entries = await readIndex(files)
  const entry = chosenEntry(entries, wanted)
  return {
    description: wanted.description,
    names: namesOf(entry, wanted.path),
    manifest: async () => {
      const manifest = await manifestOf(files, entry)
      // The layout's index is the only one who names it: nobody above can compare.
      refuseOtherBytes(manifest.bytes, entry, 'manifest')
      return manifest
    },
    manifestOf: (inner) => manifestOf(files, inner),
    blob: (blob) => blobOf(files, blob.digest),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  }
}

async function readIndex(files: NamedFiles): Promise<readonly Descriptor[]> {
  const stretch = await files.find('index.json')
  if (stretch === undefined) throw invalid(files, 'there is no index.json: it is not an OCI image layout')
  const bytes = await readStretch(stretch, { what: 'index.json', most: manifestSizeLimit })
  const index = await parseManifest(bytes, { mediaType: mediaTypes.ociIndex })
  if (index.kind !== 'index') throw invalid(files, 'index.json is not an index')
  return index.manifests
}

function invalid(files: NamedFiles, problem: string): Fault {
  return new Fault({ code: 'archive-invalid', source: files.description, problem })
}

function chosenEntry(
  entries: readonly Descriptor[],
  { description, reference }: { readonly description: string; readonly reference?: string | undefined },
): Descriptor {
  const fitting = reference === undefined ? entries : entries.filter((entry) => isCalled(entry, reference))
  const [only] = fitting
  // Two images of one name are one image that was written twice: the last one counts for nobody, the first for Podman.
  if (only !== undefined && (fitting.length === 1 || reference !== undefined)) return only
  const available = entries.map((entry) => entry.annotations?.[refName] ?? `(${entry.digest})`)
  throw new Fault({
    code: 'source-image-unknown',
    source: description,
    available,
    ...(reference === undefined ? {} : { wanted: reference }),
  })
}

function isCalled(entry: Descriptor, reference: string): boolean {
  return entry.annotations?.[refName] === reference || reference === `@${entry.digest}`
}

// The annotation is either a full name or only what stands behind the colon; then the layout's own name is the image's.
function namesOf(entry: Descriptor, path: string): readonly string[] {
  const reference = entry.annotations?.[fullName] ?? entry.annotations?.[refName]
  if (reference === undefined) return []
  const isTagOnly = !/[/:]/.test(reference)
  const repository = basename(path)
    .toLowerCase()
    .replace(/(?:\.oci|\.tar|\.tgz|\.gz|\.zst|\.xz|\.bz2)+$/, '')
  try {
    return [formatReference(parseLocalReference(isTagOnly ? `${repository}:${reference}` : reference))]
  } catch (error) {
    // A directory may be called what no image may be called: the image is then found by its id.
    if (isFault(error, 'reference-invalid')) return []
    throw error
  }
}

async function manifestOf(files: NamedFiles, entry: Descriptor) {
  const stretch = await blobOf(files, entry.digest)
  const bytes = await readStretch(stretch, { what: 'a manifest', most: manifestSizeLimit })
  return { bytes, ...(entry.mediaType === '' ? {} : { mediaType: entry.mediaType }) }
}

// A digest is a checked word: its two parts are names and cannot lead elsewhere (CVE-2024-3727).
async function blobOf(files: NamedFiles, digest: Digest): Promise<FileStretch> {
  const stretch = await files.find(`blobs/${algorithmOf(digest)}/${hexOf(digest)}`)
  if (stretch === undefined) throw invalid(files, `blob ${digest} is missing`)
  return stretch
}
