import type { ByteStream } from './byte-stream.ts'

/** The same bytes; `see` is shown every chunk before it is passed on, and is waited for. */
export async function* tapped(bytes: ByteStream, see: (chunk: Uint8Array) => void | Promise<void>): ByteStream {
  for await (const chunk of bytes) {
    await see(chunk)
    yield chunk
  }
}
