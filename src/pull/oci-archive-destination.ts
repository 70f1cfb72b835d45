import { createReadStream } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Durability } from '#store'
import { type ArchiveFile, openArchiveFile } from './archive-file.ts'
import type { ImageDestination } from './image-destination.ts'
import { namesIn } from './names-in.ts'
import { blobName, completeLayout, type OciDestination, stageMetadata } from './oci-destination.ts'
import { openStagingDirectory, stageBlob } from './staged-blobs.ts'

/**
 * An OCI image layout in a tar. A tar wants sizes before bytes, and a compressed blob has its size last: the layout is made in
 * a directory beside the archive and packed from there. @throws Fault `destination-in-use`; ErrnoException
 */
export async function openOciArchiveDestination(
  { path, reference }: OciDestination,
  durability: Durability,
): Promise<ImageDestination> {
  await using stack = new AsyncDisposableStack()
  const archive = stack.use(await openArchiveFile(path, durability))
  const staging = stack.use(await openStagingDirectory(path, 'none'))
  await mkdir(join(staging.path, 'blobs', 'sha256'), { recursive: true })
  const kept = stack.move()
  return {
    formats: 'oci',
    putBlob: async (bytes, options) => await stageBlob(staging, bytes, blobName, options),
    finish: async (image, manifest) => {
      await stageMetadata(staging, image, manifest)
      await completeLayout(staging, manifest, reference)
      await pack(archive, staging.path, '')
      await archive.finish()
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

// Sorted, so that the same layout gives the same archive.
async function pack(archive: ArchiveFile, root: string, place: string): Promise<void> {
  for (const name of ((await namesIn(join(root, place))) ?? []).toSorted()) {
    const path = place === '' ? name : `${place}/${name}`
    const stats = await stat(join(root, path))
    if (stats.isDirectory()) {
      await archive.addDirectory(path)
      await pack(archive, root, path)
    } else {
      await archive.addFile(path, stats.size, createReadStream(join(root, path), { highWaterMark: 1 << 20 }))
    }
  }
}
