import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type ByteStream, measured } from '#ground/bytes'
import type { BlobDigest, Cancellable } from '#model'
import type { Durability } from '#store'
import { type BlobIdentity, blobIdentity } from './image-destination.ts'
import { writeAll } from './spool-file.ts'

/** A directory beside the destination in which everything is prepared; removed when disposed, if it is still there. */
export interface StagingDirectory extends AsyncDisposable {
  readonly path: string
  readonly durability: Durability
}

/** On the destination's file system, so that what is complete can be renamed. @throws ErrnoException */
export async function openStagingDirectory(destination: string, durability: Durability): Promise<StagingDirectory> {
  const path = join(dirname(destination), `.${basename(destination)}.shale-${randomBytes(6).toString('hex')}`)
  await mkdir(path)
  return { path, durability, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true, force: true }) }
}

/** A blob in a file that gets its digest for a name: `nameOf` tells where, relative to the staging directory. */
export async function stageBlob(
  staging: StagingDirectory,
  bytes: ByteStream,
  nameOf: (digest: BlobDigest) => string,
  { signal }: Cancellable = {},
): Promise<BlobIdentity> {
  const partial = join(staging.path, `partial-${randomBytes(6).toString('hex')}`)
  const meter = measured(bytes)
  await writeFile(partial, meter, { durability: staging.durability, signal })
  const blob = blobIdentity(meter.measurement())
  await rename(partial, join(staging.path, nameOf(blob.digest)))
  return blob
}

/** A new file with these bytes, durable if asked for. @throws ErrnoException `EEXIST` */
export async function writeFile(
  path: string,
  bytes: ByteStream | Iterable<Uint8Array>,
  { durability, signal }: Cancellable & { readonly durability: Durability },
): Promise<void> {
  await using file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o644)
  let written = 0
  for await (const piece of bytes) {
    signal?.throwIfAborted()
    written += await writeAll(file, piece, written)
  }
  if (durability === 'full') await file.sync()
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string, durability: Durability): Promise<void> {
  if (durability === 'none') return
  await using directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  await directory.sync()
}
