export type { ByteRange, ByteSource, ByteStream } from './byte-stream.ts'
