import { type FileHandle, open } from 'node:fs/promises'
import { read } from 'node:fs'
import { type Cancellable, Fault } from '#model'
import type { ByteRange, ByteStream } from './byte-stream.ts'

export interface FileStreamOptions extends Cancellable {
  /** Default: all up to the end; of a descriptor, which may be a pipe, from where it stands. */
  readonly range?: ByteRange
  readonly chunkSize?: number
}

type Read = (into: Uint8Array, position: number) => Promise<number>

/**
 * The bytes of a file. A path is opened when reading begins and closed when it ends, in whatever way; a descriptor stays open.
 * Every chunk is memory of its own.
 * @throws Fault `size-mismatch` when the file ends before the range does; Node's error when it cannot be read; the signal's reason
 */
export async function* fileStream(file: string | number, options: FileStreamOptions = {}): ByteStream {
  options.signal?.throwIfAborted()
  if (typeof file === 'number') {
    yield* chunks(`descriptor ${file}`, ofDescriptor(file, options.range === undefined), options)
    return
  }
  await using handle = await open(file)
  yield* chunks(file, ofHandle(handle), options)
}

async function* chunks(what: string, readAt: Read, options: FileStreamOptions): ByteStream {
  const { signal, range, chunkSize = 1 << 20 } = options
  const start = range?.offset ?? 0
  const length = range?.length ?? Number.POSITIVE_INFINITY
  let done = 0
  // The first chunk is small, for small files; then they grow: a range may be announced much larger than the file is.
  let size = Math.min(chunkSize, 1 << 16)
  while (done < length) {
    signal?.throwIfAborted()
    const buffer = Buffer.allocUnsafeSlow(Math.min(size, length - done))
    const count = await readAt(buffer, start + done)
    if (count === 0) break
    done += count
    size = chunkSize
    yield buffer.subarray(0, count)
  }
  if (range !== undefined && done < length) {
    throw new Fault({ code: 'size-mismatch', expected: length, actual: done, what })
  }
}

function ofHandle(handle: FileHandle): Read {
  return async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead
}

function ofDescriptor(fd: number, fromItsPlace: boolean): Read {
  return async (into, position) =>
    await new Promise((resolve, reject) => {
      read(fd, into, 0, into.length, fromItsPlace ? null : position, (error, count) =>
        error === null ? resolve(count) : reject(error),
      )
    })
}
