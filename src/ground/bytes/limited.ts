import { Fault } from '#model'
import type { ByteStream } from './byte-stream.ts'

/** At most so many bytes: what is beyond is not passed on but refused. @throws Fault `limit-exceeded` */
export async function* limited(bytes: ByteStream, atMost: number, limit = 'bytes'): ByteStream {
  let seen = 0
  for await (const chunk of bytes) {
    seen += chunk.byteLength
    if (seen > atMost) throw new Fault({ code: 'limit-exceeded', limit, most: atMost })
    yield chunk
  }
}
