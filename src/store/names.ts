import type { FindObjectOptions } from './find-object.ts'
import type { Store } from './store.ts'

/** The names of a layer, an image or a container, whichever is found first. @throws Fault `object-unknown` */
export async function getNames(
  store: Store,
  nameOrId: string,
  options: FindObjectOptions = {},
): Promise<readonly string[]> {
  throw new Error(`${store.root}${nameOrId}${options.signal}`)
}

/**
 * Replaces all names; returns the list that results. Names that another object of the kind bears are taken away from it; those of an
 * image move to the front of its history, each in turn (spec/store §5.5).
 * @throws Fault `object-unknown`
 */
export async function setNames(
  store: Store,
  nameOrId: string,
  names: readonly string[],
  options: FindObjectOptions = {},
): Promise<readonly string[]> {
  throw new Error(`${store.root}${nameOrId}${names.length}${options.signal}`)
}

/** The given names first, then those it had. @throws Fault `object-unknown` */
export async function addNames(
  store: Store,
  nameOrId: string,
  names: readonly string[],
  options: FindObjectOptions = {},
): Promise<readonly string[]> {
  throw new Error(`${store.root}${nameOrId}${names.length}${options.signal}`)
}

/** Names it does not bear are ignored. @throws Fault `object-unknown` */
export async function removeNames(
  store: Store,
  nameOrId: string,
  names: readonly string[],
  options: FindObjectOptions = {},
): Promise<readonly string[]> {
  throw new Error(`${store.root}${nameOrId}${names.length}${options.signal}`)
}
