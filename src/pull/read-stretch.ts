import { open } from 'node:fs/promises'
import { Fault } from '#model'
import type { FileStretch } from './named-files.ts'

/** All of a small file, at most `most` bytes: what its size claims to be is not allocated before. @throws Fault `limit-exceeded`, `size-mismatch` */
export async function readStretch(
  stretch: FileStretch,
  limit: { readonly what: string; readonly most: number },
): Promise<Buffer> {
  if (stretch.length > limit.most) {
    throw new Fault({ code: 'limit-exceeded', limit: `bytes in ${limit.what}`, most: limit.most })
  }
  await using file = await open(stretch.path)
  const bytes = Buffer.alloc(stretch.length)
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, stretch.offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  if (filled !== bytes.length) {
    throw new Fault({ code: 'size-mismatch', what: limit.what, expected: bytes.length, actual: filled })
  }
  return bytes
}
