export type { BlobBytes, Unpack, Unpacked, UnpackLimits, UnpackOptions, UnpackProgress } from './contract.ts'
export { defaultLimits } from './limits.ts'
export { unpack } from './unpack.ts'
