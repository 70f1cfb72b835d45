import { tarSplitInvalid } from './invalid.ts'

const byte = { quote: 0x22, backslash: 0x5c, openBrace: 0x7b, closeBrace: 0x7d, openBracket: 0x5b, closeBracket: 0x5d }
const nothing = Buffer.alloc(0)

/** A header segment holds a few extension headers of 1 MiB each, and base64 adds a third. */
const mostObjectBytes = 16 * 1024 * 1024

/**
 * Cuts a stream of JSON objects, with any whitespace in and between them, into the objects. Strings are jumped over, so it
 * costs little more than finding the quotes. Throws Fault `tar-split-invalid` for anything else, or an object without end.
 */
export class JsonObjects {
  readonly #onObject: (text: Buffer) => void
  #held: Buffer = nothing
  #heldLength = 0
  #depth = 0
  #inString = false
  #escaped = false

  constructor(onObject: (text: Buffer) => void) {
    this.#onObject = onObject
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    let at = 0
    let backslash = -1
    while (at < bytes.length) {
      if (this.#inString) {
        if (backslash < at) backslash = positionOf(bytes, byte.backslash, at)
        at = this.#passString(bytes, at, backslash)
        continue
      }
      const depthBefore = this.#depth
      this.#passToken(bytes[at] ?? 0)
      if (depthBefore === 0) start = at
      at++
      if (depthBefore > 0 && this.#depth === 0) {
        this.#complete(bytes.subarray(start, at))
        start = at
      }
    }
    if (this.#depth > 0) this.#hold(bytes.subarray(start))
  }

  end(): void {
    if (this.#depth > 0) throw tarSplitInvalid('unexpected EOF')
  }

  /** Returns where the string, or the chunk, ends. */
  #passString(bytes: Buffer, from: number, backslash: number): number {
    if (this.#escaped) {
      this.#escaped = false
      return from + 1
    }
    const quote = positionOf(bytes, byte.quote, from)
    if (backslash < quote) {
      this.#escaped = true
      return backslash + 1
    }
    this.#inString = quote === bytes.length
    return Math.min(quote + 1, bytes.length)
  }

  #passToken(token: number): void {
    if (this.#depth === 0 && token !== byte.openBrace) {
      if (token === 0x20 || token === 0x0a || token === 0x0d || token === 0x09) return
      throw tarSplitInvalid('not a JSON object')
    }
    if (token === byte.quote) this.#inString = true
    else if (token === byte.openBrace || token === byte.openBracket) this.#depth++
    else if (token === byte.closeBrace || token === byte.closeBracket) this.#depth--
  }

  #complete(rest: Buffer): void {
    if (this.#heldLength === 0) {
      refuseLong(rest.length)
      return this.#onObject(rest)
    }
    this.#hold(rest)
    const text = this.#held.subarray(0, this.#heldLength)
    this.#heldLength = 0
    this.#onObject(text)
  }

  #hold(bytes: Buffer): void {
    const needed = this.#heldLength + bytes.length
    refuseLong(needed)
    if (needed > this.#held.length) {
      const larger = Buffer.alloc(2 * needed)
      this.#held.copy(larger, 0, 0, this.#heldLength)
      this.#held = larger
    }
    bytes.copy(this.#held, this.#heldLength)
    this.#heldLength = needed
  }
}

function refuseLong(length: number): void {
  if (length > mostObjectBytes) throw tarSplitInvalid(`a record of more than ${mostObjectBytes} bytes`)
}

/** The next place of a byte, or the end. */
function positionOf(bytes: Buffer, wanted: number, from: number): number {
  const at = bytes.indexOf(wanted, from)
  return at < 0 ? bytes.length : at
}
