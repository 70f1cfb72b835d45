import type { Cancellable } from '#model'
import type { ByteStream } from './byte-stream.ts'

/**
 * The same bytes until the signal is aborted: then the reader gets its reason at once, also while the source is silent.
 * The source is closed as soon as it answers.
 */
export async function* cancellable(bytes: ByteStream, options: Cancellable): ByteStream {
  const { signal } = options
  if (signal === undefined) {
    yield* bytes
    return
  }
  const iterator = bytes[Symbol.asyncIterator]()
  const aborted = Promise.withResolvers<never>()
  aborted.promise.catch(() => undefined)
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  let finished = false
  try {
    for (;;) {
      signal.throwIfAborted()
      const next = await Promise.race([iterator.next(), aborted.promise])
      if (next.done === true) {
        finished = true
        return
      }
      yield next.value
    }
  } finally {
    signal.removeEventListener('abort', abort)
    // Not waited for: a source that hangs would keep us here, and what it says of being closed interests nobody any more.
    if (!finished) iterator.return?.().catch(() => undefined)
  }
}
