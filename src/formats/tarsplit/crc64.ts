import { crc64Memory, crc64ModuleBytes } from './crc64-module.ts'

/** What this needs of WebAssembly: Node's types leave it to those of the web. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

interface Engine {
  readonly carry: (length: number) => void
  readonly memory: Uint8Array
}

/** CRC-64 with the ISO polynomial, as tar-split writes it: register of ones, result inverted. `123456789` gives b90956c775a41001. */
export class Crc64 {
  readonly #register = Buffer.alloc(8, 0xff)

  update(bytes: Uint8Array): void {
    const { carry, memory } = (engine ??= startEngine())
    memory.set(this.#register, crc64Memory.register)
    for (let at = 0; at < bytes.byteLength; at += crc64Memory.room) {
      const length = Math.min(crc64Memory.room, bytes.byteLength - at)
      memory.set(length === bytes.byteLength ? bytes : bytes.subarray(at, at + length), crc64Memory.data)
      carry(length)
    }
    for (let index = 0; index < 8; index++) this.#register[index] = memory[crc64Memory.register + index] ?? 0
  }

  /** The checksum so far, eight bytes, most significant first. */
  digest(): Buffer {
    const digest = Buffer.alloc(8)
    for (let index = 0; index < 8; index++) digest[index] = ~(this.#register[7 - index] ?? 0)
    return digest
  }

  /** Begins anew. */
  reset(): void {
    this.#register.fill(0xff)
  }
}

/** One per thread: the register is carried in and out with every call. */
let engine: Engine | undefined

function startEngine(): Engine {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(crc64ModuleBytes()))
  const { carry, memory } = exports as {
    readonly carry: Engine['carry']
    readonly memory: { readonly buffer: ArrayBuffer }
  }
  return { carry, memory: new Uint8Array(memory.buffer) }
}
