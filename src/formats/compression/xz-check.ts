import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

import { Fault } from '#model'

import { Crc64 } from './crc64.ts'

/** The integrity check at the end of each block. */
export interface XzCheck {
  readonly bytes: number
  update(bytes: Uint8Array): void
  /** What the file has to say, as it is stored. */
  value(): Uint8Array
}

/** By the number in the stream's flags. Throws Fault `unsupported` for those that the format has set aside for later. */
export function openXzCheck(id: number): XzCheck {
  switch (id) {
    case 0:
      return { bytes: 0, update: () => undefined, value: () => new Uint8Array(0) }
    case 1:
      return crc32Check()
    case 4:
      return crc64Check()
    case 10: {
      const hash = createHash('sha256')
      return { bytes: 32, update: (bytes) => void hash.update(bytes), value: () => hash.digest() }
    }
    default:
      throw new Fault({ code: 'unsupported', what: `xz check ${id}`, by: 'this reader' })
  }
}

function crc32Check(): XzCheck {
  let crc = 0
  return {
    bytes: 4,
    update: (bytes) => {
      crc = crc32(bytes, crc)
    },
    value: () => littleEndian32([crc]),
  }
}

function crc64Check(): XzCheck {
  const crc = new Crc64()
  return { bytes: 8, update: (bytes) => crc.update(bytes), value: () => littleEndian32(crc.words()) }
}

function littleEndian32(words: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(words.length * 4))
  for (const [at, word] of words.entries()) view.setUint32(at * 4, word, true)
  return new Uint8Array(view.buffer)
}
