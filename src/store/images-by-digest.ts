import { type Cancellable, type Image, parseDigest } from '#model'
import type { Store } from './store.ts'

/** Images whose own digest this is, or that of one of their items whose key begins with `manifest`. @throws Fault `digest-invalid` */
export async function imagesByDigest(
  store: Store,
  digest: string,
  options: Cancellable = {},
): Promise<readonly Image[]> {
  const wanted = parseDigest(digest)
  return await store.transact({ read: ['images'] }, (tx) => tx.images.withDigest(wanted), options)
}
