import { type FileHandle, open } from 'node:fs/promises'
import { type Cancellable, Fault } from '#model'
import type { ByteRange, ByteSource } from './byte-stream.ts'

/** A file that can be asked for ranges. Its size is the one it had when it was opened. */
export interface FileSource extends ByteSource, AsyncDisposable {
  readonly path: string
}

/** @throws Node's error when the file cannot be opened */
export async function openFileSource(path: string): Promise<FileSource> {
  const handle = await open(path)
  try {
    return new OpenFileSource(path, handle, (await handle.stat()).size)
  } catch (error) {
    await handle.close()
    throw error
  }
}

class OpenFileSource implements FileSource {
  readonly path: string
  readonly size: number
  readonly #handle: FileHandle

  constructor(path: string, handle: FileHandle, size: number) {
    this.path = path
    this.size = size
    this.#handle = handle
  }

  /** @throws Fault `size-mismatch` for a range that is not within the file */
  async read(range: ByteRange, options: Cancellable = {}): Promise<Uint8Array> {
    options.signal?.throwIfAborted()
    const { offset, length } = range
    const available = Math.max(0, Math.min(length, this.size - offset))
    if (available < length) this.#refuse(length, available)
    const bytes = Buffer.allocUnsafeSlow(length)
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, offset + done)
      if (bytesRead === 0) this.#refuse(length, done)
      done += bytesRead
      options.signal?.throwIfAborted()
    }
    return bytes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }

  #refuse(expected: number, actual: number): never {
    throw new Fault({ code: 'size-mismatch', expected, actual, what: this.path })
  }
}
