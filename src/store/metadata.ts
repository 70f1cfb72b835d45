import type { FindObjectOptions } from './find-object.ts'
import type { Store } from './store.ts'

/** The text a caller keeps with a layer, image or container; empty if there is none. @throws Fault `not-a` */
export async function getMetadata(store: Store, nameOrId: string, options: FindObjectOptions = {}): Promise<string> {
  throw new Error(`${store.root}${nameOrId}${options.signal}`)
}

/** @throws Fault `not-a` */
export async function setMetadata(
  store: Store,
  nameOrId: string,
  metadata: string,
  options: FindObjectOptions = {},
): Promise<void> {
  throw new Error(`${store.root}${nameOrId}${metadata}${options.signal}`)
}
