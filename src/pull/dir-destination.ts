import { mkdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BlobDigest, Fault } from '#model'
import type { Durability } from '#store'
import { blobFileName } from './dir-source.ts'
import type { ImageDestination } from './image-destination.ts'
import { namesIn } from './names-in.ts'
import { openStagingDirectory, stageBlob, type StagingDirectory, syncDirectory, writeFile } from './staged-blobs.ts'

const manifestName = 'manifest.json'

/** Skopeo's `dir:`. The directory must not exist, or be empty. @throws Fault `destination-in-use`; ErrnoException */
export async function openDirDestination(path: string, durability: Durability): Promise<ImageDestination> {
  await refuseUsedDirectory(path)
  await mkdir(dirname(path), { recursive: true })
  const staging = await openStagingDirectory(path, durability)
  const nameOf = (digest: BlobDigest) => blobFileName(digest)
  const add = async (name: string, bytes: Uint8Array) =>
    await writeFile(join(staging.path, name), [bytes], { durability })
  return {
    formats: 'any',
    putBlob: async (bytes, options) => await stageBlob(staging, bytes, nameOf, options),
    finish: async (image, manifest) => {
      await add(nameOf(image.manifest.config.digest), image.configBytes)
      await add(manifestName, manifest.bytes)
      await add('version', Buffer.from('Directory Transport Version: 1.1\n'))
      await syncDirectory(staging.path, durability)
      await publish(staging, path)
    },
    [Symbol.asyncDispose]: () => staging[Symbol.asyncDispose](),
  }
}

async function refuseUsedDirectory(path: string): Promise<void> {
  const names = (await namesIn(path)) ?? []
  if (names.length > 0) throw new Fault({ code: 'destination-in-use', path, problem: 'the directory is not empty' })
}

/** By one rename where there is no directory yet; into an empty one file by file, the manifest last: without it it is no image. */
async function publish(staging: StagingDirectory, path: string): Promise<void> {
  if ((await namesIn(path)) === undefined) {
    await rename(staging.path, path)
    return await syncDirectory(dirname(path), staging.durability)
  }
  const names = (await namesIn(staging.path)) ?? []
  for (const name of names.toSorted((a, b) => Number(a === manifestName) - Number(b === manifestName))) {
    await rename(join(staging.path, name), join(path, name))
  }
  await syncDirectory(path, staging.durability)
}
