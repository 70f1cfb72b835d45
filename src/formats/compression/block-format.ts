import { constants, deflateRawSync, zstdCompressSync } from 'node:zlib'

import { Fault } from '#model'

import { fastDeflate } from './fast-deflate.ts'

/** A codec that Shale writes. bzip2 and xz are read only (spec/drivers §10). */
export type WritableCodec = 'gzip' | 'zstd'

/** A stretch of the input that is compressed by itself, on whatever thread: the same stretch gives the same bytes everywhere. */
export interface Block {
  readonly bytes: Uint8Array
  /** What stands before it in the input: gzip matches may reach back into it. */
  readonly dictionary: Uint8Array
  readonly place: BlockPlace
}

export type BlockPlace = 'more-follow' | 'last'

/** What a stream's last bytes say of all that was compressed. */
export interface StreamTotal {
  readonly crc: number
  readonly bytes: number
}

/** How one codec puts a stream together from blocks that are compressed independently. */
export interface BlockFormat {
  readonly blockBytes: number
  readonly dictionaryBytes: number
  readonly defaultLevel: number
  readonly levels: { readonly least: number; readonly most: number }
  /** Whether a stream may stop without a block marked as the last. */
  readonly endsAnywhere: boolean
  header(level: number): Uint8Array
  compress(block: Block, level: number): Uint8Array
  trailer(total: StreamTotal): Uint8Array
}

export const blockFormats: { readonly [codec in WritableCodec]: BlockFormat } = {
  gzip: {
    blockBytes: 1 << 20,
    dictionaryBytes: 32 << 10,
    defaultLevel: 1,
    levels: { least: 1, most: 9 },
    endsAnywhere: false,
    header: gzipHeader,
    compress: deflatedBlock,
    trailer: gzipTrailer,
  },
  zstd: {
    blockBytes: 4 << 20,
    dictionaryBytes: 0,
    defaultLevel: 3,
    levels: { least: 1, most: 22 },
    endsAnywhere: true,
    header: () => nothing,
    compress: zstdFrame,
    trailer: () => nothing,
  },
}

/** The level asked for, or the codec's own. Throws Fault `option-invalid` for a level the codec does not have. */
export function levelOf(codec: WritableCodec, level: number | undefined): number {
  const { defaultLevel, levels } = blockFormats[codec]
  if (level === undefined) return defaultLevel
  if (Number.isInteger(level) && level >= levels.least && level <= levels.most) return level
  throw new Fault({
    code: 'option-invalid',
    option: 'level',
    problem: `${codec} has the levels ${levels.least} to ${levels.most}, not ${level}`,
  })
}

/** A buffer for one block and its dictionary. */
export function roomFor(format: BlockFormat): Uint8Array<ArrayBuffer> {
  return new Uint8Array(format.dictionaryBytes + format.blockBytes)
}

const nothing = new Uint8Array(0)

/** The header that Go's writers make: no name, their zero time, XFL by level, OS unknown (spec/drivers §11). */
function gzipHeader(level: number): Uint8Array {
  const extraFlags = level === 1 ? 4 : level === 9 ? 2 : 0
  return Uint8Array.of(0x1f, 0x8b, 8, 0, 0x00, 0x09, 0x6e, 0x88, extraFlags, 0xff)
}

/** Levels 1 to 3 by our own encoder, the others by zlib's, which is slower than that and better only from 4 on. */
function deflatedBlock(block: Block, level: number): Uint8Array {
  if (level <= 3) return fastDeflate(block, level === 1 ? 0 : 1)
  return deflateRawSync(block.bytes, {
    level,
    chunkSize: oneChunk(block),
    // A sync flush ends a block at a whole byte, so that the next thread's output can follow.
    finishFlush: block.place === 'last' ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(block.dictionary.byteLength > 0 && { dictionary: block.dictionary }),
  })
}

/** Room for the output in one piece, even of what cannot be compressed. */
function oneChunk({ bytes }: Block): number {
  return bytes.byteLength + (bytes.byteLength >> 8) + 1024
}

function gzipTrailer(total: StreamTotal): Uint8Array {
  const trailer = new DataView(new ArrayBuffer(8))
  trailer.setUint32(0, total.crc, true)
  trailer.setUint32(4, total.bytes % 2 ** 32, true)
  return new Uint8Array(trailer.buffer)
}

function zstdFrame(block: Block, level: number): Uint8Array {
  return zstdCompressSync(block.bytes, {
    chunkSize: oneChunk(block),
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
  })
}
