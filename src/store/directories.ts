import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Cancellable, ContainerId, ImageId } from '#model'
import { type RecordPaths } from '#parts/records'
import { pathsOf } from './paths.ts'
import type { Store } from './store.ts'

/** A directory of the container's that lasts, for its user's data; made (0700) if it is not there. @throws Fault `container-unknown` */
export async function containerDirectory(store: Store, container: string, options: Cancellable = {}): Promise<string> {
  return await ofContainer(store, container, (paths, id) => paths.containerData(id), options)
}

/** The same below the run root. @throws Fault `container-unknown` */
export async function containerRunDirectory(
  store: Store,
  container: string,
  options: Cancellable = {},
): Promise<string> {
  return await ofContainer(store, container, (paths, id) => paths.containerRunData(id), options)
}

/** A directory of the image's that lasts. The name is resolved and has to be known (spec/cli §11.2). @throws Fault `image-unknown` */
export async function imageDirectory(store: Store, image: string, options: Cancellable = {}): Promise<string> {
  return await ofImage(store, image, (paths, id) => paths.imageData(id), options)
}

/** The same below the run root. @throws Fault `image-unknown` */
export async function imageRunDirectory(store: Store, image: string, options: Cancellable = {}): Promise<string> {
  return await ofImage(store, image, (paths, id) => paths.imageRunData(id), options)
}

async function ofContainer(
  store: Store,
  container: string,
  place: (paths: RecordPaths, id: ContainerId) => string,
  options: Cancellable,
): Promise<string> {
  return await store.transact(
    { read: ['containers'] },
    (tx) => madeUserdata(place(pathsOf(store), tx.containers.get(container).id)),
    options,
  )
}

async function ofImage(
  store: Store,
  image: string,
  place: (paths: RecordPaths, id: ImageId) => string,
  options: Cancellable,
): Promise<string> {
  return await store.transact(
    { read: ['images'] },
    (tx) => madeUserdata(place(pathsOf(store), tx.images.get(image).id)),
    options,
  )
}

/** Under the lock, so that it is not made again for something that is being deleted. */
function madeUserdata(directory: string): string {
  const path = join(directory, 'userdata')
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}
