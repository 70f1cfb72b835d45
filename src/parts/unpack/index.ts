export type { BlobBytes, Unpack, Unpacked, UnpackLimits, UnpackOptions, UnpackProgress } from './contract.ts'
