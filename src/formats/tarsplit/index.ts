export { Crc64 } from './crc64.ts'
export { TarSplitRecorder } from './recorder.ts'
