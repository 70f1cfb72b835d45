import { crc32 } from 'node:zlib'

import { Fault } from '#model'

import { invalidXz } from './xz-fault.ts'

/** Both ends of a stream are twelve bytes. */
export const streamHeaderBytes = 12

const headerMagic = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)

/** The stream's flags, as two bytes; the second one names the check. */
export function parseStreamHeader(bytes: Uint8Array): Uint8Array {
  if (!sameBytes(bytes.subarray(0, 6), headerMagic)) throw invalidXz('invalid header magic bytes')
  const flags = bytes.slice(6, 8)
  if (readUint32(bytes, 8) !== crc32(flags)) throw invalidXz('header checksum mismatch')
  if (flags[0] !== 0 || (flags[1] ?? 0) > 15) throw invalidXz('invalid stream flags')
  return flags
}

export function checkStreamFooter(
  bytes: Uint8Array,
  expected: { readonly flags: Uint8Array; readonly indexBytes: number },
): void {
  if (bytes[10] !== 0x59 || bytes[11] !== 0x5a) throw invalidXz('invalid footer magic bytes')
  if (readUint32(bytes, 0) !== crc32(bytes.subarray(4, 10))) throw invalidXz('footer checksum mismatch')
  if (!sameBytes(bytes.subarray(8, 10), expected.flags)) throw invalidXz('footer and header have different flags')
  if ((readUint32(bytes, 4) + 1) * 4 !== expected.indexBytes) throw invalidXz('footer has a wrong index size')
}

export interface XzBlockHeader {
  readonly headerBytes: number
  readonly compressedBytes?: number
  readonly uncompressedBytes?: number
  readonly dictionaryBytes: number
}

/** A block's header, whole: its first byte says how long it is. */
export function parseBlockHeader(bytes: Uint8Array): XzBlockHeader {
  const end = bytes.byteLength - 4
  if (readUint32(bytes, end) !== crc32(bytes.subarray(0, end))) throw invalidXz('block header checksum mismatch')
  const fields = bytes.subarray(0, end)
  const flags = fields[1] ?? 0
  if ((flags & 0x3c) !== 0) throw invalidXz('invalid block flags')
  if ((flags & 3) !== 0)
    throw new Fault({ code: 'unsupported', what: 'an xz filter other than LZMA2', by: 'this reader' })
  const sizes = readSizes(fields, flags)
  const filter = readVariable(fields, sizes.next)
  const properties = readVariable(fields, filter.next)
  if (filter.value !== 0x21)
    throw new Fault({ code: 'unsupported', what: 'an xz filter other than LZMA2', by: 'this reader' })
  if (properties.value !== 1) throw invalidXz('invalid LZMA2 filter properties')
  const dictionaryBytes = dictionarySize(fields[properties.next] ?? 0xff)
  if (fields.subarray(properties.next + 1).some((byte) => byte !== 0))
    throw invalidXz('block header padding is not zero')
  return { headerBytes: bytes.byteLength, ...sizes.declared, dictionaryBytes }
}

function readSizes(
  fields: Uint8Array,
  flags: number,
): { next: number; declared: { compressedBytes?: number; uncompressedBytes?: number } } {
  let next = 2
  const declared: { compressedBytes?: number; uncompressedBytes?: number } = {}
  if ((flags & 0x40) !== 0) {
    const size = readVariable(fields, next)
    declared.compressedBytes = size.value
    next = size.next
  }
  if ((flags & 0x80) !== 0) {
    const size = readVariable(fields, next)
    declared.uncompressedBytes = size.value
    next = size.next
  }
  return { next, declared }
}

function dictionarySize(bits: number): number {
  if (bits > 40) throw invalidXz('invalid dictionary size')
  return bits === 40 ? 2 ** 32 - 1 : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11)
}

function readVariable(bytes: Uint8Array, offset: number): { readonly value: number; readonly next: number } {
  const number = findVariable(bytes, offset)
  if (number === undefined) throw invalidXz('block header is too short')
  return number
}

/** A number in groups of seven bits, the lowest first; undefined when the bytes stop before it does. */
export function findVariable(
  bytes: Uint8Array,
  offset: number,
): { readonly value: number; readonly next: number } | undefined {
  let value = 0
  for (let at = 0; at < 9; at += 1) {
    const byte = bytes[offset + at]
    if (byte === undefined) return undefined
    value += (byte & 0x7f) * 2 ** (7 * at)
    if (byte >= 0x80) continue
    if ((byte === 0 && at > 0) || !Number.isSafeInteger(value)) throw invalidXz('invalid number')
    return { value, next: offset + at + 1 }
  }
  throw invalidXz('invalid number')
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(offset, true)
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, at) => byte === b[at])
}
