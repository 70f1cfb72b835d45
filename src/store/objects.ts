import type { Container, Image, Layer } from '#model'

export type ObjectKind = 'layer' | 'image' | 'container'

/** Something that has an id and names, whatever it is. */
export type StoredObject =
  | { readonly kind: 'layer'; readonly record: Layer }
  | { readonly kind: 'image'; readonly record: Image }
  | { readonly kind: 'container'; readonly record: Container }
