import type { Block } from './block-format.ts'
import { fastDeflateModule } from './fast-deflate-module.ts'

/** What this needs of WebAssembly: Node's types leave it to those of the web. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  inputAt(): number
  outputAt(): number
  deflate(dictionaryBytes: number, bytes: number, isLast: number, effort: number): number
}

interface Engine {
  readonly exports: Exports
  readonly memory: Uint8Array
  readonly input: number
  readonly output: number
}

/** What the module has room for. */
const mostBytes = 1 << 20
const mostDictionaryBytes = 32 << 10

/** Effort 0 is the fastest; 1 looks at twice as many places for a match, and one byte ahead for a better one. */
export type FastEffort = 0 | 1

let engine: Engine | undefined

/**
 * Raw DEFLATE of one block, about twice as fast as zlib's level 1 at the same size (docs/decisions/0011). The result depends on
 * nothing but the block: neither on the processor nor on the version of Node. Holds 3 MiB for the thread that calls it.
 */
export function fastDeflate({ bytes, dictionary, place }: Block, effort: FastEffort): Uint8Array {
  if (bytes.byteLength > mostBytes || dictionary.byteLength > mostDictionaryBytes) {
    throw new RangeError(`a block of ${bytes.byteLength} bytes behind ${dictionary.byteLength} is too large`)
  }
  const { exports, memory, input, output } = (engine ??= startEngine())
  memory.set(dictionary, input)
  memory.set(bytes, input + dictionary.byteLength)
  const length = exports.deflate(dictionary.byteLength, bytes.byteLength, place === 'last' ? 1 : 0, effort)
  return memory.slice(output, output + length)
}

function startEngine(): Engine {
  const module = new WebAssembly.Module(Buffer.from(fastDeflateModule, 'base64'))
  const exports: Exports = exportsOf(new WebAssembly.Instance(module))
  const memory = new Uint8Array(exports.memory.buffer)
  return { exports, memory, input: exports.inputAt(), output: exports.outputAt() }
}

/** The module is our own, so its exports are what its source says. */
function exportsOf(instance: { readonly exports: unknown }): Exports {
  return instance.exports as Exports
}
