/**
 * Shale as a library: `import { openStore, pullImage } from 'shale'`. Everything slow is a promise, takes an `AbortSignal` and reports
 * typed progress; everything that has to be given back is for `await using`.
 */
export * from '#model'
export type { ByteRange, ByteSource, ByteStream } from '#ground/bytes'
export type { FileChange } from '#parts/changeset'
export type { Driver } from '#parts/drivers'
export type { BlobBytes, Unpacked, UnpackLimits } from '#parts/unpack'
export * from '#store'
export * from '#pull'
export { openStore, type OpenStoreOptions } from '#wiring'
