import type { ByteStream } from '#ground/bytes'
import { Fault } from '#model'
import { LineStopped, type SharedLine, slotBytes } from './shared-line.ts'

/**
 * Copies a stream into the blob ring, at the pace of those who read it. The stream is closed also when the line is
 * stopped while it has nothing to say. `stopped` settles when it is.
 * @throws LineStopped; Fault `size-mismatch` if the stream does not keep to the size announced; what the stream throws
 */
export async function feedStream(
  line: SharedLine,
  blob: { readonly bytes: ByteStream; readonly size?: number },
  stopped: AbortSignal,
): Promise<void> {
  const feeder = new Feeder(line)
  for await (const chunk of untilStopped(blob.bytes, stopped)) {
    await feeder.put(chunk)
    if (blob.size !== undefined && feeder.size > blob.size) refuseSize(blob.size, feeder.size)
  }
  if (blob.size !== undefined && feeder.size !== blob.size) refuseSize(blob.size, feeder.size)
  feeder.end()
}

class Feeder {
  readonly #line: SharedLine
  #slot: Uint8Array | undefined
  #filled = 0
  size = 0

  constructor(line: SharedLine) {
    this.#line = line
  }

  async put(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength;) {
      this.#slot ??= await this.#line.waitAsync(() => this.#line.free('blob'))
      const part = chunk.subarray(at, at + slotBytes - this.#filled)
      this.#slot.set(part, this.#filled)
      this.#filled += part.byteLength
      this.size += part.byteLength
      at += part.byteLength
      if (this.#filled === slotBytes) this.#publish()
    }
  }

  end(): void {
    if (this.#filled > 0) this.#publish()
    this.#line.close('blob')
  }

  #publish(): void {
    this.#line.publish('blob', this.#filled)
    this.#line.countRead(this.size)
    this.#slot = undefined
    this.#filled = 0
  }
}

/** The same chunks. A `next` that does not answer is left behind when the signal fires. @throws LineStopped */
async function* untilStopped(bytes: ByteStream, stopped: AbortSignal): ByteStream {
  const iterator = bytes[Symbol.asyncIterator]()
  let state: 'asked' | 'answered' | 'over' = 'answered'
  try {
    for (;;) {
      state = 'asked'
      const result = await orStopped(iterator.next(), stopped)
      state = result.done === true ? 'over' : 'answered'
      if (result.done === true) return
      yield result.value
    }
  } finally {
    if (state !== 'over') {
      const closing = Promise.resolve(iterator.return?.())
      // A generator that waits for the network closes when it gets an answer: it is told, not waited for, and what it has
      // to say then is about an unpacking that has failed already.
      if (state === 'asked') closing.catch(() => undefined)
      else await closing
    }
  }
}

async function orStopped<T>(promise: Promise<T>, stopped: AbortSignal): Promise<T> {
  const stop = Promise.withResolvers<never>()
  const onStop = (): void => stop.reject(new LineStopped())
  if (stopped.aborted) onStop()
  stopped.addEventListener('abort', onStop, { once: true })
  try {
    return await Promise.race([promise, stop.promise])
  } finally {
    stopped.removeEventListener('abort', onStop)
  }
}

function refuseSize(expected: number, actual: number): never {
  throw new Fault({ code: 'size-mismatch', expected, actual, what: 'blob' })
}
