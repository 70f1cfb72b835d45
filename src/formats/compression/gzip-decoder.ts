import { Fault } from '#model'

import type { Decoder } from './decoder.ts'
import { EngineError, type InflateEngine, unexpectedEnd } from './inflate-engine.ts'

/**
 * gzip (RFC 1952): any number of members; headers, CRCs and lengths are checked by zlib. Zeros after the last member are
 * padding, as gzip and pigz have it; anything else there is `gzip: invalid header`, Go's words.
 */
export class GzipDecoder implements Decoder {
  readonly #engine: InflateEngine
  #input: Uint8Array = new Uint8Array(0)
  #inPadding = false

  constructor(engine: InflateEngine) {
    this.#engine = engine
  }

  feed(input: Uint8Array): void {
    this.#input = input
    if (this.#inPadding) requireZeros(input)
    else this.#engine.feed(input)
  }

  read(): Uint8Array | undefined {
    if (this.#inPadding) return undefined
    const piece = inGzipWords(() => this.#engine.read())
    if (piece === undefined && this.#engine.unread > 0) {
      this.#inPadding = true
      requireZeros(this.#input.subarray(this.#input.byteLength - this.#engine.unread))
    }
    return piece
  }

  finish(): void {
    if (!this.#inPadding) inGzipWords(() => this.#engine.finish())
  }

  close(): void {
    this.#engine.close()
  }
}

function requireZeros(bytes: Uint8Array): void {
  if (bytes.some((byte) => byte !== 0)) throw invalid('invalid header')
}

function inGzipWords<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    throw invalid(problemOf(error.reason), error)
  }
}

function problemOf(reason: string): string {
  switch (reason) {
    case unexpectedEnd:
      return 'unexpected EOF'
    case 'incorrect header check':
    case 'unknown compression method':
    case 'unknown header flags set':
    case 'header crc mismatch':
      return 'invalid header'
    case 'incorrect data check':
    case 'incorrect length check':
      return 'invalid checksum'
    default:
      return `corrupt input: ${reason}`
  }
}

function invalid(problem: string, cause?: unknown): Fault {
  return new Fault({ code: 'compression-invalid', codec: 'gzip', problem }, { cause })
}
