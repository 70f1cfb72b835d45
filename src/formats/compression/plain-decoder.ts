import { type Decoder, pieceBytes } from './decoder.ts'

/** Bytes that are not compressed, handed on in pieces. */
export class PlainDecoder implements Decoder {
  #rest: Uint8Array = new Uint8Array(0)

  feed(input: Uint8Array): void {
    this.#rest = input
  }

  read(): Uint8Array | undefined {
    if (this.#rest.byteLength === 0) return undefined
    const piece = this.#rest.subarray(0, pieceBytes)
    this.#rest = this.#rest.subarray(piece.byteLength)
    return piece
  }

  finish(): void {
    // A plain stream may stop anywhere.
  }

  close(): void {
    this.#rest = new Uint8Array(0)
  }
}
