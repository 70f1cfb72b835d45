import { Fault } from '#model'

/** A stretch of the input. `ends` says that its last byte is the last byte of a frame. */
export interface ZstdStretch {
  /** A magic number (or a part of one), which is never passed on; a frame's bytes behind its magic; a skippable frame's. */
  readonly kind: 'magic' | 'frame' | 'skippable'
  readonly length: number
  readonly ends: boolean
}

type Field = 'magic' | 'descriptor' | 'header' | 'block' | 'skippable-size'

type State =
  | { readonly kind: 'field'; readonly field: Field }
  | { readonly kind: 'content'; readonly next: 'block' | 'checksum' | 'end' }

/**
 * Follows the outline of a zstd stream (RFC 8878 §3.1) from block to block without looking into blocks: three bytes are read
 * for every 128 KiB. It exists because engines do not say where frames end — Node 24 stops silently after the first one and
 * before skippable ones, and every Node ignores what follows the last — and because a window's size has to be refused
 * before anything is allocated for it.
 */
export class ZstdFrames {
  readonly #windowBytes: number
  /** Bytes of the field being read; the longest is a frame header. */
  readonly #bytes = new Uint8Array(18)
  #have = 0
  #want = 4
  #state: State = { kind: 'field', field: 'magic' }
  #contentLeft = 0
  #inside: 'frame' | 'skippable' = 'frame'
  #hasChecksum = false
  #frames = 0

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes
  }

  /** Whether the input may stop here: behind at least one frame, and between two. */
  get complete(): boolean {
    return this.#frames > 0 && this.#betweenFrames && this.#have === 0
  }

  get #betweenFrames(): boolean {
    return this.#state.kind === 'field' && this.#state.field === 'magic'
  }

  /** The stretch that begins at `offset`: up to the end of `input`, of a magic number or of a frame. */
  next(input: Uint8Array, offset: number): ZstdStretch {
    if (this.#betweenFrames) {
      const length = this.#readField(input, offset)
      this.#advance()
      return { kind: 'magic', length, ends: false }
    }
    let at = offset
    let ends = false
    while (at < input.byteLength && !ends) {
      at += this.#state.kind === 'field' ? this.#readField(input, at) : this.#passContent(input.byteLength - at)
      ends = this.#advance()
    }
    return { kind: this.#inside, length: at - offset, ends }
  }

  #readField(input: Uint8Array, at: number): number {
    const length = Math.min(input.byteLength - at, this.#want - this.#have)
    this.#bytes.set(input.subarray(at, at + length), this.#have)
    this.#have += length
    return length
  }

  #passContent(available: number): number {
    const length = Math.min(available, this.#contentLeft)
    this.#contentLeft -= length
    return length
  }

  /** Moves on as far as the bytes seen allow, through empty blocks too; true when a frame has just ended. */
  #advance(): boolean {
    for (;;) {
      if (this.#state.kind === 'field') {
        if (this.#have < this.#want) return false
        this.#parse(this.#state.field)
      } else {
        if (this.#contentLeft > 0) return false
        if (this.#leave(this.#state.next)) return true
      }
    }
  }

  #leave(next: 'block' | 'checksum' | 'end'): boolean {
    if (next === 'block') {
      this.#expectField('block', 3)
      return false
    }
    if (next === 'checksum' && this.#hasChecksum) {
      this.#expectContent(4, 'end')
      return false
    }
    this.#frames += 1
    this.#expectField('magic', 4)
    return true
  }

  #parse(field: Field): void {
    switch (field) {
      case 'magic':
        return this.#parseMagic()
      case 'descriptor':
        // The header proper goes on behind the descriptor, which says how long it is.
        this.#want = headerBytes(this.#bytes[0] ?? 0)
        this.#state = { kind: 'field', field: 'header' }
        return undefined
      case 'header':
        return this.#parseHeader()
      case 'block':
        return this.#parseBlock()
      case 'skippable-size':
        return this.#expectContent(littleEndian(this.#bytes, 0, 4), 'end')
    }
  }

  #parseMagic(): void {
    const magic = littleEndian(this.#bytes, 0, 4)
    if (magic === 0xfd2fb528) {
      this.#inside = 'frame'
      this.#expectField('descriptor', 1)
    } else if (magic >= 0x184d2a50 && magic <= 0x184d2a5f) {
      this.#inside = 'skippable'
      this.#expectField('skippable-size', 4)
    } else {
      throw invalidZstd('invalid input: magic number mismatch')
    }
  }

  #parseHeader(): void {
    const window = windowOf(this.#bytes)
    if (window > this.#windowBytes) throw invalidZstd(`window size exceeded: ${window} bytes`)
    this.#hasChecksum = ((this.#bytes[0] ?? 0) & 4) !== 0
    this.#expectField('block', 3)
  }

  #parseBlock(): void {
    const header = littleEndian(this.#bytes, 0, 3)
    const type = (header >> 1) & 3
    if (type === 3) throw invalidZstd('invalid block type')
    const isRunLength = type === 1
    this.#expectContent(isRunLength ? 1 : header >> 3, (header & 1) === 1 ? 'checksum' : 'block')
  }

  #expectField(field: Field, bytes: number): void {
    this.#have = 0
    this.#want = bytes
    this.#state = { kind: 'field', field }
  }

  #expectContent(bytes: number, next: 'block' | 'checksum' | 'end'): void {
    this.#contentLeft = bytes
    this.#state = { kind: 'content', next }
  }
}

/** Descriptor, window, dictionary id and content size together. */
function headerBytes(descriptor: number): number {
  return 1 + windowFieldBytes(descriptor) + dictionaryIdBytes(descriptor) + contentSizeBytes(descriptor)
}

function isSingleSegment(descriptor: number): boolean {
  return (descriptor & 0x20) !== 0
}

function windowFieldBytes(descriptor: number): number {
  return isSingleSegment(descriptor) ? 0 : 1
}

function dictionaryIdBytes(descriptor: number): number {
  return [0, 1, 2, 4][descriptor & 3] ?? 0
}

function contentSizeBytes(descriptor: number): number {
  return [isSingleSegment(descriptor) ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
}

/** The window a frame asks for: the one declared, or for a single segment the whole content. */
function windowOf(header: Uint8Array): number {
  const descriptor = header[0] ?? 0
  if (isSingleSegment(descriptor)) {
    const length = contentSizeBytes(descriptor)
    return littleEndian(header, 1 + dictionaryIdBytes(descriptor), length) + (length === 2 ? 256 : 0)
  }
  const declared = header[1] ?? 0
  const base = 2 ** (10 + (declared >> 3))
  return base + (base / 8) * (declared & 7)
}

/** Exact up to 2^53; past it still large enough to be refused. */
function littleEndian(bytes: Uint8Array, offset: number, length: number): number {
  let value = 0
  for (let at = offset + length - 1; at >= offset; at -= 1) value = value * 256 + (bytes[at] ?? 0)
  return value
}

export function invalidZstd(problem: string, cause?: unknown): Fault {
  return new Fault({ code: 'compression-invalid', codec: 'zstd', problem }, { cause })
}
