import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ByteStream } from '#ground/bytes'
import { type Cancellable, Fault } from '#model'
import type { UnpackLimits } from '#parts/unpack'
import type { FileStretch } from './named-files.ts'

export interface SpoolOptions extends Cancellable {
  /** What may come out of something compressed: an archive that unpacks to more than the disk holds is not followed to the end. */
  readonly limits?: Partial<Pick<UnpackLimits, 'uncompressedBytes' | 'compressionRatio'>> | undefined
  /** Where to put it: default `$TMPDIR`, else /var/tmp, which is on a disk (as for Podman). */
  readonly temporaryDirectory?: string | undefined
}

/** A file without a name: gone when it is closed, whatever happens. Its path is good in all threads of this process. */
export interface SpoolFile extends AsyncDisposable {
  readonly stretch: FileStretch
  readonly file: FileHandle
}

/**
 * Keeps in a file that nobody else sees what `compressedBytes` bytes decompress to.
 * @throws Fault `limit-exceeded`; ErrnoException; what the stream throws
 */
export async function spoolToFile(
  bytes: ByteStream,
  compressedBytes: number,
  options: SpoolOptions = {},
): Promise<SpoolFile> {
  const directory = options.temporaryDirectory ?? process.env['TMPDIR'] ?? '/var/tmp'
  const path = join(directory, `.shale-${randomBytes(8).toString('hex')}`)
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const file = await open(path, flags, 0o600)
  try {
    await unlink(path)
    let length = 0
    for await (const piece of bytes) {
      options.signal?.throwIfAborted()
      length += await writeAll(file, piece, length)
      refuseBomb(length, compressedBytes, options.limits ?? {})
    }
    const stretch = { kind: 'file', path: `/proc/self/fd/${file.fd}`, offset: 0, length } as const
    return { stretch, file, [Symbol.asyncDispose]: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Up to here a file may be as dense as it likes: some zeros are no bomb. */
const ratioGrace = 64 << 20

// The defaults are those of unpacking a layer.
function refuseBomb(length: number, compressed: number, limits: NonNullable<SpoolOptions['limits']>): void {
  const { uncompressedBytes = 256 * 2 ** 30, compressionRatio = 200 } = limits
  if (length > uncompressedBytes) {
    const limit = 'bytes of uncompressed data'
    throw new Fault({ code: 'limit-exceeded', limit, most: uncompressedBytes, option: 'uncompressedBytes' })
  }
  if (length > ratioGrace && length > compressed * compressionRatio) {
    const limit = 'uncompressed bytes for one compressed byte'
    throw new Fault({ code: 'limit-exceeded', limit, most: compressionRatio, option: 'compressionRatio' })
  }
}

/** All of the piece, however often the kernel takes less. Returns its length. */
export async function writeAll(file: FileHandle, piece: Uint8Array, position: number): Promise<number> {
  let written = 0
  while (written < piece.byteLength) {
    const { bytesWritten } = await file.write(piece, written, piece.byteLength - written, position + written)
    written += bytesWritten
  }
  return written
}
