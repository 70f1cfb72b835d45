declare const brand: unique symbol

/** Tells texts apart by what they name. Brands stack: a `BlobDigest` is a `Digest` too. Casts to a brand live in this room only. */
export interface Brand<Name extends string> {
  readonly [brand]: { readonly [N in Name]: true }
}
