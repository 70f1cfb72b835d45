import type { LayerPath } from '#model'

/** One line of a tar-split (spec/drivers §11.1). */
export type TarSplitRecord = TarSplitSegment | TarSplitFile

/** Bytes as they stood in the tar; they belong to whoever receives them. */
export interface TarSplitSegment {
  readonly kind: 'segment'
  readonly bytes: Uint8Array
}

/** Stands for one header. If `size` is above zero its body follows: that many bytes, with this CRC-64. */
export interface TarSplitFile {
  readonly kind: 'file'
  readonly path: LayerPath
  readonly size: number
  readonly crc: Uint8Array
}
