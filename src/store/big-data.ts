import type { Cancellable, Digest } from '#model'
import type { ObjectKind } from './objects.ts'
import type { Store } from './store.ts'

/** Where an item is: `object` by id, name or unique prefix. */
export interface BigDataAddress {
  readonly kind: ObjectKind
  readonly object: string
  readonly key: string
}

/** Names of the items, in order of first writing. @throws Fault `layer-unknown`, `image-unknown`, `container-unknown` */
export async function listBigData(
  store: Store,
  of: Omit<BigDataAddress, 'key'>,
  options: Cancellable = {},
): Promise<readonly string[]> {
  throw new Error(`${store.root}${of.object}${options.signal}`)
}

/** The whole item. @throws Fault as `listBigData`; `big-data-unknown` */
export async function readBigData(store: Store, item: BigDataAddress, options: Cancellable = {}): Promise<Uint8Array> {
  throw new Error(`${store.root}${item.key}${options.signal}`)
}

/**
 * Writes an item; readers see the old bytes or the new. The digest is that of the bytes unless given; layers record none.
 * @throws Fault as `listBigData`; `big-data-name-empty`; `path-escapes-root` for a key whose file would lie elsewhere
 */
export async function writeBigData(
  store: Store,
  item: BigDataAddress & { readonly bytes: Uint8Array; readonly digest?: Digest },
  options: Cancellable = {},
): Promise<void> {
  throw new Error(`${store.root}${item.key}${options.signal}`)
}

/** Bytes of an item of an image or a container. @throws Fault `big-data-size-unknown` */
export async function bigDataSize(
  store: Store,
  item: BigDataAddress & { readonly kind: 'image' | 'container' },
  options: Cancellable = {},
): Promise<number> {
  throw new Error(`${store.root}${item.key}${options.signal}`)
}

/** Recorded digest of an item of an image or a container. @throws Fault `big-data-digest-unknown` */
export async function bigDataDigest(
  store: Store,
  item: BigDataAddress & { readonly kind: 'image' | 'container' },
  options: Cancellable = {},
): Promise<Digest> {
  throw new Error(`${store.root}${item.key}${options.signal}`)
}
