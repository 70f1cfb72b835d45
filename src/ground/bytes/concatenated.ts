import type { ByteStream } from './byte-stream.ts'

/** One stream after the other; each is begun when the one before is at its end. */
export async function* concatenated(...parts: readonly (ByteStream | Iterable<Uint8Array>)[]): ByteStream {
  for (const part of parts) yield* part
}
