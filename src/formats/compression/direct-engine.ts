import { constants, createGunzip, createZstdDecompress } from 'node:zlib'

import { pieceBytes } from './decoder.ts'
import { EngineError, type EngineKind, type EngineOptions, type InflateEngine } from './inflate-engine.ts'

/** What Node's zlib streams keep under `_handle` and `_writeState`: no public interface, hence looked at before it is used. */
interface NativeHandle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputOffset: number,
    inputLength: number,
    output: Uint8Array,
    outputOffset: number,
    outputLength: number,
  ): void
  close(): void
  readonly onerror: (message: string) => void
}

interface Native {
  readonly handle: NativeHandle
  /** Written by each `writeSync`: room left in the output, bytes left of the input. */
  readonly state: Uint32Array
}

const nothing = new Uint8Array(0)

/**
 * The one place that drives zlib's engine without its stream: no event loop, no 16 KiB pieces, two to five times as fast
 * (512 MB/s instead of 190 for gzip). `openDirectEngine` returns undefined where Node's inside does not look as known;
 * `ThreadedEngine` does the same by public means.
 */
export class DirectEngine implements InflateEngine {
  readonly #native: Native
  readonly #finishFlag: number
  readonly #output = new Uint8Array(pieceBytes)
  #input: Uint8Array = nothing
  #offset = 0
  #mayHaveMore = false
  #error: EngineError | undefined
  #closed = false

  constructor(native: Native, finishFlag: number) {
    this.#native = native
    this.#finishFlag = finishFlag
    // Called by the engine during `writeSync`. It is a property of the handle, not an event.
    Object.assign(native.handle, {
      onerror: (message: string) => {
        this.#error = new EngineError(message)
      },
    })
  }

  get unread(): number {
    return this.#input.byteLength - this.#offset
  }

  feed(input: Uint8Array): void {
    this.#input = input
    this.#offset = 0
    this.#mayHaveMore = input.byteLength > 0
  }

  read(): Uint8Array | undefined {
    while (this.#mayHaveMore) {
      const made = this.#run(0)
      if (made > 0) return this.#output.subarray(0, made)
    }
    return undefined
  }

  finish(): void {
    this.feed(nothing)
    if (this.#run(this.#finishFlag) > 0) throw new EngineError('output behind the end')
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#native.handle.close()
  }

  #run(flag: number): number {
    const { handle, state } = this.#native
    const before = this.unread
    handle.writeSync(flag, this.#input, this.#offset, before, this.#output, 0, this.#output.byteLength)
    if (this.#error !== undefined) throw this.#error
    const [room = 0, left = 0] = state
    const made = this.#output.byteLength - room
    this.#offset = this.#input.byteLength - left
    // With the output full there may be more inside, even when all input was taken. With room left the engine has stopped by
    // itself: for want of input or at the end, except that Node 24 stops after each zstd frame, which takes input every time.
    this.#mayHaveMore = room === 0 || (left > 0 && left < before)
    return made
  }
}

export function openDirectEngine(kind: EngineKind, options: EngineOptions): DirectEngine | undefined {
  const stream: object =
    kind === 'gzip'
      ? createGunzip()
      : createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: options.windowLog } })
  const native = nativeOf(stream)
  if (native === undefined) return undefined
  return new DirectEngine(native, kind === 'gzip' ? constants.Z_FINISH : constants.ZSTD_e_end)
}

/** The inside of a zlib stream, if it is as expected. */
export function nativeOf(stream: object): Native | undefined {
  const handle: unknown = Reflect.get(stream, '_handle')
  const state: unknown = Reflect.get(stream, '_writeState')
  if (!(state instanceof Uint32Array) || state.length < 2 || !isNativeHandle(handle)) return undefined
  return { handle, state }
}

function isNativeHandle(handle: unknown): handle is NativeHandle {
  if (typeof handle !== 'object' || handle === null) return false
  return ['writeSync', 'close', 'onerror'].every((name) => typeof Reflect.get(handle, name) === 'function')
}
