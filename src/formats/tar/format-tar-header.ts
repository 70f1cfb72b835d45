import { posix } from 'node:path'
import { Fault } from '#model'
import { blockSize, padding } from './header-block.ts'
import { isAscii, planHeader, splitPath } from './header-plan.ts'
import type { FullHeader, HeaderPlan } from './header-plan.ts'
import type { TarHeader } from './header.ts'
import { paxRecordText } from './pax-record-text.ts'
import { typeflag } from './typeflag.ts'
import { putNumeric, putOctal, putText } from './write-field.ts'

/** Two zero blocks: what every archive ends with. */
export const endOfArchive: Uint8Array = new Uint8Array(2 * blockSize)

const mostExtensionData = 1024 * 1024

/**
 * The header blocks of an entry, extension headers first: byte for byte what Go's archive/tar writes (spec/drivers §7.5).
 * `any` is Go's unspecified format: the oldest dialect that can say it, whole seconds. `pax` also keeps fractions, atime and ctime.
 *
 * Throws Fault `unsupported` for what no dialect can say, and `limit-exceeded` for more than 1 MiB of records.
 */
export function formatTarHeader(header: TarHeader, format: 'any' | 'pax' = 'any'): Buffer {
  const plan = planHeader(header, format)
  switch (plan.dialect) {
    case 'ustar':
      return ustarHeader(plan.header)
    case 'pax':
      return paxHeader(plan)
    case 'gnu':
      return gnuHeader(plan.header)
  }
}

function ustarHeader(header: FullHeader): Buffer {
  const split = splitPath(header.path)
  const block = mainBlock(header, split?.name ?? header.path, String, putOctal)
  putText(block, 345, 155, split?.prefix ?? '')
  return sealed(block, 'ustar\x0000')
}

function paxHeader({ header, records }: HeaderPlan): Buffer {
  const isGlobal = header.typeflag === typeflag.globalHeader
  const data = records.map(([key, value]) => paxRecordText(key, value)).join('')
  const name = isGlobal ? header.path || 'GlobalHead.0.0' : paxHeaderName(header.path)
  const flag = isGlobal ? typeflag.globalHeader : typeflag.extendedHeader
  const extension = data === '' && !isGlobal ? [] : [extensionBlocks(asciiOnly(name), data, flag, 'ustar\x0000')]
  const main = isGlobal ? [] : [sealed(mainBlock(header, header.path, asciiOnly, putOctal), 'ustar\x0000')]
  return Buffer.concat([...extension, ...main])
}

function paxHeaderName(path: string): string {
  const slash = path.lastIndexOf('/') + 1
  return posix.join(path.slice(0, slash), 'PaxHeaders.0', path.slice(slash))
}

function gnuHeader(header: FullHeader): Buffer {
  const blocks: Buffer[] = []
  const long = (text: string, flag: number): void => {
    if (text.length > 100) blocks.push(extensionBlocks('././@LongLink', `${text}\0`, flag, 'ustar  \0'))
  }
  long(header.path, typeflag.gnuLongName)
  long(header.linkPath, typeflag.gnuLongLink)
  blocks.push(sealed(mainBlock(header, header.path, String, putNumeric), 'ustar  \0'))
  return Buffer.concat(blocks)
}

/** The fields that all dialects share. */
function mainBlock(
  header: FullHeader,
  path: string,
  textOf: (text: string) => string,
  put: (block: Buffer, at: number, length: number, value: number) => void,
): Buffer {
  const block = Buffer.alloc(blockSize)
  putText(block, 0, 100, textOf(path))
  put(block, 100, 8, header.mode)
  put(block, 108, 8, header.uid)
  put(block, 116, 8, header.gid)
  put(block, 124, 12, header.size)
  put(block, 136, 12, header.mtime.seconds)
  block[156] = header.typeflag
  putText(block, 157, 100, textOf(header.linkPath))
  putText(block, 265, 32, textOf(header.userName))
  putText(block, 297, 32, textOf(header.groupName))
  put(block, 329, 8, header.deviceMajor)
  put(block, 337, 8, header.deviceMinor)
  return block
}

/** A header of its own for data that belongs to the next one; its device fields stay empty. */
function extensionBlocks(name: string, data: string, flag: number, magic: string): Buffer {
  if (data.length > mostExtensionData) {
    throw new Fault({ code: 'limit-exceeded', limit: 'bytes of extended header', most: mostExtensionData })
  }
  const blocks = Buffer.alloc(blockSize + data.length + padding(data.length))
  const block = blocks.subarray(0, blockSize)
  putText(block, 0, 100, name.slice(0, 100).replace(/\/+$/, ''))
  for (const at of [100, 108, 116]) putOctal(block, at, 8, 0)
  putOctal(block, 124, 12, data.length)
  putOctal(block, 136, 12, 0)
  block[156] = flag
  sealed(block, magic)
  blocks.write(data, blockSize, 'latin1')
  return blocks
}

/** Magic, and the checksum: six digits, NUL, blank. */
function sealed(block: Buffer, magic: string): Buffer {
  block.write(magic, 257, 'latin1')
  block.fill(0x20, 148, 156)
  let sum = 0
  for (const byte of block) sum += byte
  putOctal(block, 148, 7, sum)
  block[154] = 0
  return block
}

/** Header fields of a PAX header hold what is ASCII of a text; the record has all of it. */
function asciiOnly(text: string): string {
  return isAscii(text) ? text : text.replaceAll(/[^\x01-\x7f]/g, '')
}
