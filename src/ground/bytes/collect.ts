import type { ByteStream } from './byte-stream.ts'
import { limited } from './limited.ts'

/** The whole stream in memory, which holds what has really arrived and never what was announced. @throws Fault `limit-exceeded` */
export async function collect(bytes: ByteStream, atMost: number, limit = 'bytes'): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of limited(bytes, atMost, limit)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
