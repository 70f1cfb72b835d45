import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { parseBlobDigest, parseDiffId } from '#model'
import type { ApplyTarget } from '#parts/changeset'
import type { BlobBytes, Unpacked, UnpackOptions } from './contract.ts'
import type { Found, Job, JobBlob } from './crew-job.ts'
import { CrewPool } from './crew-pool.ts'
import type { Crew } from './crew.ts'
import { feedStream } from './feed-stream.ts'
import { LineStopped, slotBytes } from './shared-line.ts'

const crews = new CrewPool()
const progressMilliseconds = 100

/**
 * The pipe of a layer: takes a blob in, decompresses it, applies the tar below `target.directory`, and says what it was:
 * digests, sizes, owners; all in one pass, in threads of its own, several unpackings at once as the cores allow.
 *
 * The blob is read to its end, also behind the end of the archive. Nothing is synced. An unpacking that fails leaves what it
 * has written to the owner of the directory; when the promise settles, no thread works on it any more.
 * @throws Fault `compression-invalid`, `tar-invalid`, `tar-split-invalid`, `limit-exceeded` (the limit's name in
 *   `UnpackOptions.limits` is its `option`), `size-mismatch`, `thread-ended` and those of applying a changeset;
 *   ErrnoError; what the stream threw; the signal's reason
 */
export async function unpack(blob: BlobBytes, target: ApplyTarget, options: UnpackOptions = {}): Promise<Unpacked> {
  options.signal?.throwIfAborted()
  const readable = await withoutPipes(blob)
  return await crews.withCrew(options, async (crew) => {
    options.signal?.throwIfAborted()
    return await new Unpacking(crew, readable, options).run(target)
  })
}

/** What is no regular file may keep its reader waiting for ever: it is read where waiting can be given up. */
async function withoutPipes(blob: BlobBytes): Promise<BlobBytes> {
  if (blob.kind === 'stream') return blob
  const stats = await stat(blob.path)
  if (stats.isFile()) return blob
  const { path, offset, length } = blob
  const start = offset === undefined ? {} : { start: offset }
  const end = length === undefined ? {} : { end: (offset ?? 0) + length - 1 }
  const bytes = createReadStream(path, { ...start, ...end, highWaterMark: slotBytes })
  return { kind: 'stream', bytes, ...(length === undefined ? {} : { size: length }) }
}

/** One unpacking, seen from the thread of the caller: it feeds, watches, stops, and collects what the threads found. */
class Unpacking {
  readonly #crew: Crew
  readonly #blob: BlobBytes
  readonly #options: UnpackOptions
  /** Why the caller's side has stopped the line. */
  #reason: { readonly error: unknown } | undefined

  constructor(crew: Crew, blob: BlobBytes, options: UnpackOptions) {
    this.#crew = crew
    this.#blob = blob
    this.#options = options
  }

  async run(target: ApplyTarget): Promise<Unpacked> {
    using _cancelling = this.#stopOnAbort()
    using _reporting = this.#reportRegularly()
    const ended = new AbortController()
    const working = this.#crew.run(this.#job(target))
    const feeding = this.#feed(ended.signal)
    try {
      const found = await working
      this.#report()
      return unpackedOf(found)
    } catch (error) {
      throw error instanceof LineStopped && this.#reason !== undefined ? this.#reason.error : error
    } finally {
      ended.abort()
      await feeding
    }
  }

  #job(target: ApplyTarget): Job {
    const { limits = {}, tarSplitPath } = this.#options
    return { blob: jobBlob(this.#blob), target, limits, ...(tarSplitPath === undefined ? {} : { tarSplitPath }) }
  }

  /** Never rejects: an error becomes the reason for which the line is stopped. */
  async #feed(ended: AbortSignal): Promise<void> {
    if (this.#blob.kind !== 'stream') return
    try {
      await feedStream(this.#crew.line, this.#blob, ended)
    } catch (error) {
      if (!(error instanceof LineStopped)) this.#stop(error)
    }
  }

  #stop(error: unknown): void {
    this.#reason ??= { error }
    this.#crew.line.stop()
  }

  #stopOnAbort(): Disposable {
    const { signal } = this.#options
    const stop = (): void => this.#stop(signal?.reason)
    signal?.addEventListener('abort', stop, { once: true })
    return { [Symbol.dispose]: () => signal?.removeEventListener('abort', stop) }
  }

  /** The threads only count; the counters are looked at from here, a few times a second. */
  #reportRegularly(): Disposable {
    if (this.#options.onProgress === undefined) return { [Symbol.dispose]: () => undefined }
    const timer = setInterval(() => {
      try {
        this.#report()
      } catch (error) {
        this.#stop(error)
      }
    }, progressMilliseconds)
    return { [Symbol.dispose]: () => clearInterval(timer) }
  }

  #report(): void {
    this.#options.onProgress?.(this.#crew.line.progress)
  }
}

function jobBlob(blob: BlobBytes): JobBlob {
  if (blob.kind === 'stream') return { kind: 'fed' }
  const length = blob.length === undefined ? {} : { length: blob.length }
  return { kind: 'file', path: blob.path, offset: blob.offset ?? 0, ...length }
}

function unpackedOf({ source, record, apply }: Found): Unpacked {
  return {
    compression: source.compression,
    blobDigest: parseBlobDigest(`sha256:${record.blobSha256}`),
    blobSize: record.blobSize,
    diffId: parseDiffId(`sha256:${record.tarSha256}`),
    diffSize: record.tarSize,
    ...apply,
  }
}
