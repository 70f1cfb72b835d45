import type { Cancellable } from '#model'
import type { Store } from './store.ts'

/** A directory of the container's that lasts, for its user's data; made (0700) if it is not there. @throws Fault `container-unknown` */
export async function containerDirectory(store: Store, container: string, options: Cancellable = {}): Promise<string> {
  throw new Error(`${store.root}${container}${options.signal}`)
}

/** The same below the run root. @throws Fault `container-unknown` */
export async function containerRunDirectory(
  store: Store,
  container: string,
  options: Cancellable = {},
): Promise<string> {
  throw new Error(`${store.root}${container}${options.signal}`)
}

/** A directory of the image's that lasts. The name is resolved and has to be known (spec/cli §11.2). @throws Fault `image-unknown` */
export async function imageDirectory(store: Store, image: string, options: Cancellable = {}): Promise<string> {
  throw new Error(`${store.root}${image}${options.signal}`)
}

/** The same below the run root. @throws Fault `image-unknown` */
export async function imageRunDirectory(store: Store, image: string, options: Cancellable = {}): Promise<string> {
  throw new Error(`${store.root}${image}${options.signal}`)
}
