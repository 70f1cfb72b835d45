import type { LayerPath } from '#model'

/** One line of a tar-split (spec/drivers §11.1). */
export type TarSplitRecord =
  /** Bytes as they stood in the tar; the view is valid until the next record. */
  | { readonly kind: 'segment'; readonly bytes: Uint8Array }
  /** Stands for one header. Its body follows in the tar if `crc` is there: `size` bytes with this CRC-64. */
  | { readonly kind: 'file'; readonly path: LayerPath; readonly size: number; readonly crc: Uint8Array | undefined }
