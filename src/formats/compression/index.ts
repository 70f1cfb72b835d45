export { type Decoder, type DecoderLimits, defaultWindowBytes, pieceBytes } from './decoder.ts'
export { detectCompression, detectionBytes } from './detect-compression.ts'
export { createInflater, type Emit, type Inflater } from './inflater.ts'
export { openDecoder } from './open-decoder.ts'
