import type { Decoder } from './decoder.ts'
import { EngineError, type InflateEngine, unexpectedEnd } from './inflate-engine.ts'
import { invalidZstd, ZstdFrames } from './zstd-frames.ts'

const magic = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)

/** zstd (RFC 8878): any number of frames, skippable ones anywhere; checksums and content sizes are checked by the engine. */
export class ZstdDecoder implements Decoder {
  readonly #engine: InflateEngine
  readonly #frames: ZstdFrames
  #input: Uint8Array = new Uint8Array(0)
  #offset = 0
  /** What follows once the engine has read what it was fed. */
  #next: 'look' | 'feed-behind-magic' | 'end-frame' = 'look'
  #behindMagic: { readonly bytes: Uint8Array; readonly ends: boolean } = { bytes: this.#input, ends: false }
  #inFrame = false

  constructor(engine: InflateEngine, windowBytes: number) {
    this.#engine = engine
    this.#frames = new ZstdFrames(windowBytes)
  }

  feed(input: Uint8Array): void {
    this.#input = input
    this.#offset = 0
  }

  read(): Uint8Array | undefined {
    for (;;) {
      const piece = inZstdWords(() => this.#engine.read())
      if (piece !== undefined) return piece
      if (this.#engine.unread > 0) throw invalidZstd('corrupt input: a frame ends before its last block')
      if (!this.#advance()) return undefined
    }
  }

  finish(): void {
    if (!this.#frames.complete) throw invalidZstd('unexpected EOF')
  }

  close(): void {
    this.#engine.close()
  }

  /** Gives the engine more to do; false when the input is used up. */
  #advance(): boolean {
    switch (this.#next) {
      case 'feed-behind-magic':
        this.#feedStretch(this.#behindMagic)
        return true
      case 'end-frame':
        inZstdWords(() => this.#engine.finish())
        this.#inFrame = false
        this.#next = 'look'
        return true
      case 'look':
        return this.#look()
    }
  }

  #look(): boolean {
    if (this.#offset === this.#input.byteLength) return false
    const { kind, length, ends } = this.#frames.next(this.#input, this.#offset)
    const bytes = this.#input.subarray(this.#offset, this.#offset + length)
    this.#offset += length
    if (kind !== 'frame') return true
    if (this.#inFrame) {
      this.#feedStretch({ bytes, ends })
    } else {
      // The magic number was held back until it was known to be one: it may have come in two pieces.
      this.#inFrame = true
      this.#behindMagic = { bytes, ends }
      this.#next = 'feed-behind-magic'
      this.#engine.feed(magic)
    }
    return true
  }

  #feedStretch({ bytes, ends }: { readonly bytes: Uint8Array; readonly ends: boolean }): void {
    this.#next = ends ? 'end-frame' : 'look'
    this.#engine.feed(bytes)
  }
}

function inZstdWords<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    throw invalidZstd(problemOf(error.reason), error)
  }
}

function problemOf(reason: string): string {
  if (reason === unexpectedEnd) return 'unexpected EOF'
  return reason.includes('checksum') ? 'CRC check failed' : `corrupt input: ${reason}`
}
