import { algorithmOf, type Digest, Fault, hexOf, manifestSizeLimit } from '#model'
import type { ImageSource } from './image-source.ts'
import type { FileStretch, NamedFiles } from './named-files.ts'
import { readStretch } from './read-stretch.ts'

/** Skopeo's directory: `manifest.json`, and every blob under the digits of its digest (containers-transports(5), `dir`). */
export function openDirSource(files: NamedFiles, description: string): Promise<ImageSource> {
  const source: ImageSource = {
    description,
    names: [],
    manifest: async () => ({ bytes: await readNamed(files, 'manifest.json') }),
    manifestOf: async ({ digest }) => ({ bytes: await readNamed(files, `${blobFileName(digest)}.manifest.json`) }),
    blob: ({ digest }) => findNamed(files, blobFileName(digest)),
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  }
  return Promise.resolve(source)
}

/** sha256 is not named; other algorithms come before the digits. */
export function blobFileName(digest: Digest): string {
  return algorithmOf(digest) === 'sha256' ? hexOf(digest) : `${algorithmOf(digest)}-${hexOf(digest)}`
}

async function readNamed(files: NamedFiles, name: string): Promise<Uint8Array> {
  return await readStretch(await findNamed(files, name), { what: name, most: manifestSizeLimit })
}

async function findNamed(files: NamedFiles, name: string): Promise<FileStretch> {
  const found = await files.find(name)
  if (found === undefined)
    throw new Fault({ code: 'archive-invalid', source: files.description, problem: `${name} is missing` })
  return found
}
