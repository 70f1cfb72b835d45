import { Fault } from '#model'
import type { UnpackLimits } from './contract.ts'

/**
 * What an unpacking accepts unless the caller says otherwise. Real layers stay far below; what is above is a bomb or a
 * broken archive until somebody who knows better raises the limit by its name in `UnpackOptions.limits`.
 */
export const defaultLimits: UnpackLimits = {
  // 256 GiB: several times the largest layers of model weights that are around.
  uncompressedBytes: 256 * 2 ** 30,
  // A distribution with everything installed has half a million files.
  entries: 4_000_000,
  // Names in one path.
  pathDepth: 1024,
  // Linux takes no longer path (PATH_MAX).
  pathBytes: 4096,
  // Names and values of one entry together. The kernel takes 64 KiB for one value and for the list of names.
  xattrBytes: 256 * 2 ** 10,
  // gzip cannot do better than 1032, and does so on zeros only; whole distributions reach 2 to 5.
  compressionRatio: 200,
}

/** Up to here a blob may be as dense as it likes: a small archive of zeros is no bomb. */
const ratioGrace = 64 * 2 ** 20

/** An option given as `undefined` is not given: spread alone, it would switch the limit off. */
export function withDefaults(limits: Partial<UnpackLimits>): UnpackLimits {
  const given = Object.entries(limits).filter(([, value]) => value !== undefined)
  return { ...defaultLimits, ...Object.fromEntries(given) }
}

/** @throws Fault `limit-exceeded` */
export function checkUncompressedBytes(limits: UnpackLimits, bytes: number): void {
  if (bytes <= limits.uncompressedBytes) return
  refuse(limits, 'uncompressedBytes', 'bytes of uncompressed data')
}

/** @throws Fault `limit-exceeded` */
export function checkCompressionRatio(limits: UnpackLimits, compressed: number, uncompressed: number): void {
  if (uncompressed <= ratioGrace || uncompressed <= compressed * limits.compressionRatio) return
  refuse(limits, 'compressionRatio', 'uncompressed bytes for one compressed byte')
}

function refuse(limits: UnpackLimits, option: keyof UnpackLimits, limit: string): never {
  throw new Fault({ code: 'limit-exceeded', limit, most: limits[option], option })
}
