import { type Cancellable, type Layer, parseBlobDigest, parseDiffId, parseTocDigest } from '#model'
import type { Store } from './store.ts'

/** Which of a layer's digests is meant: that of the blob it came as, of its uncompressed tar, or of its table of contents. */
export type LayerDigestKind = 'compressed' | 'diff-id' | 'toc'

/** Layers with this digest, in order of creation; none is an empty list. @throws Fault `digest-invalid` */
export async function layersByDigest(
  store: Store,
  wanted: { readonly kind: LayerDigestKind; readonly digest: string },
  options: Cancellable = {},
): Promise<readonly Layer[]> {
  switch (wanted.kind) {
    case 'compressed': {
      const digest = parseBlobDigest(wanted.digest)
      return await store.transact({ read: ['layers'] }, (tx) => tx.layers.withCompressedDigest(digest), options)
    }
    case 'diff-id': {
      const diffId = parseDiffId(wanted.digest)
      return await store.transact({ read: ['layers'] }, (tx) => tx.layers.withDiffId(diffId), options)
    }
    case 'toc': {
      const digest = parseTocDigest(wanted.digest)
      return await store.transact({ read: ['layers'] }, (tx) => tx.layers.withTocDigest(digest), options)
    }
  }
}
