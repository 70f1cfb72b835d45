import { FieldInvalid } from './invalid.ts'
import { parseNumericField, parseOctalField } from './numeric-field.ts'
import { typeflag } from './typeflag.ts'

export const blockSize = 512

/** Zeros up to the next block. */
export function padding(size: number): number {
  const rest = size % blockSize
  return rest === 0 ? 0 : blockSize - rest
}

export type HeaderDialect = 'v7' | 'ustar' | 'star' | 'gnu'

/** One header block as it stands, prefix and name joined; reused from header to header. Times are seconds. */
export interface HeaderFields {
  dialect: HeaderDialect
  typeflag: number
  path: string
  linkPath: string
  size: number
  mode: number
  uid: number
  gid: number
  mtime: number
  atime: number | undefined
  ctime: number | undefined
  userName: string
  groupName: string
  deviceMajor: number
  deviceMinor: number
}

export function emptyHeaderFields(): HeaderFields {
  return {
    dialect: 'v7',
    typeflag: typeflag.file,
    path: '',
    linkPath: '',
    size: 0,
    mode: 0,
    uid: 0,
    gid: 0,
    mtime: 0,
    atime: undefined,
    ctime: undefined,
    userName: '',
    groupName: '',
    deviceMajor: 0,
    deviceMinor: 0,
  }
}

/** Reads the 512 bytes at `at`. A wrong checksum or a field that is no number throws. */
export function readHeaderBlock(block: Buffer, at: number, into: HeaderFields): void {
  if (!checksumFits(block, at)) throw new FieldInvalid()
  const dialect = dialectOf(block, at)
  into.dialect = dialect
  into.typeflag = block[at + 156] ?? 0
  into.path = textField(block, at, 100)
  into.linkPath = textField(block, at + 157, 100)
  into.size = parseNumericField(block, at + 124, 12)
  into.mode = parseNumericField(block, at + 100, 8)
  into.uid = parseNumericField(block, at + 108, 8)
  into.gid = parseNumericField(block, at + 116, 8)
  into.mtime = parseNumericField(block, at + 136, 12)
  into.atime = undefined
  into.ctime = undefined
  if (dialect === 'v7') {
    into.userName = ''
    into.groupName = ''
    into.deviceMajor = 0
    into.deviceMinor = 0
  } else {
    into.userName = textField(block, at + 265, 32)
    into.groupName = textField(block, at + 297, 32)
    into.deviceMajor = parseNumericField(block, at + 329, 8)
    into.deviceMinor = parseNumericField(block, at + 337, 8)
    readDialectFields(block, at, dialect, into)
  }
}

export function isZeroBlock(block: Buffer, at: number): boolean {
  for (let index = at; index < at + blockSize; index++) if (block[index] !== 0) return false
  return true
}

/** Bytes up to the first NUL or the end of the field, one char per byte. */
export function textField(block: Buffer, at: number, length: number): string {
  let end = at
  const most = at + length
  while (end < most && block[end] !== 0) end++
  return end === at ? '' : block.toString('latin1', at, end)
}

/** The sum of all bytes with the checksum field taken as blanks; old tars summed signed chars. */
function checksumFits(block: Buffer, at: number): boolean {
  const stored = parseOctalField(block, at + 148, 8)
  let sum = 8 * 0x20
  for (let index = at; index < at + 148; index++) sum += block[index] ?? 0
  for (let index = at + 156; index < at + blockSize; index++) sum += block[index] ?? 0
  return stored === sum || stored === signedChecksum(block, at)
}

function signedChecksum(block: Buffer, at: number): number {
  let sum = 8 * 0x20
  for (let index = at; index < at + blockSize; index++) {
    if (index < at + 148 || index >= at + 156) sum += ((block[index] ?? 0) << 24) >> 24
  }
  return sum
}

const ustarMagic = 'ustar\0'
const gnuMagic = 'ustar  \0'
const starTrailer = 'tar\0'

function dialectOf(block: Buffer, at: number): HeaderDialect {
  // 'u': most blocks without a magic are told apart by one byte.
  if (block[at + 257] !== 0x75) return 'v7'
  const magic = block.toString('latin1', at + 257, at + 265)
  if (magic.startsWith(ustarMagic)) {
    return block[at + 508] === 0x74 && block.toString('latin1', at + 508, at + 512) === starTrailer ? 'star' : 'ustar'
  }
  return magic === gnuMagic ? 'gnu' : 'v7'
}

function readDialectFields(block: Buffer, at: number, dialect: 'ustar' | 'star' | 'gnu', into: HeaderFields): void {
  let prefix = ''
  switch (dialect) {
    case 'ustar':
      prefix = textField(block, at + 345, 155)
      break
    case 'star':
      prefix = textField(block, at + 345, 131)
      into.atime = parseNumericField(block, at + 476, 12)
      into.ctime = parseNumericField(block, at + 488, 12)
      break
    case 'gnu':
      prefix = readGnuTimes(block, at, into)
      break
  }
  if (prefix !== '') into.path = `${prefix}/${into.path}`
}

/** Writers before Go 1.8 put a prefix where GNU has its times: times that are no numbers are that prefix, if it is ASCII. */
function readGnuTimes(block: Buffer, at: number, into: HeaderFields): string {
  try {
    if (block[at + 345] !== 0) into.atime = parseNumericField(block, at + 345, 12)
    if (block[at + 357] !== 0) into.ctime = parseNumericField(block, at + 357, 12)
    return ''
  } catch (error) {
    if (!(error instanceof FieldInvalid)) throw error
    into.atime = undefined
    into.ctime = undefined
    const prefix = textField(block, at + 345, 155)
    return /^[\0-\x7f]*$/.test(prefix) ? prefix : ''
  }
}
