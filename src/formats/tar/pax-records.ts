import { FieldInvalid } from './invalid.ts'
import { parseDecimal } from './numeric-field.ts'
import type { TarTime } from './entry.ts'

/** The keys that say something to this program. All others are kept, and mean nothing. */
export const paxKey = {
  path: 'path',
  linkPath: 'linkpath',
  size: 'size',
  uid: 'uid',
  gid: 'gid',
  userName: 'uname',
  groupName: 'gname',
  mtime: 'mtime',
  atime: 'atime',
  ctime: 'ctime',
  xattr: 'SCHILY.xattr.',
  sparseMajor: 'GNU.sparse.major',
  sparseMinor: 'GNU.sparse.minor',
  sparseName: 'GNU.sparse.name',
  sparseSize: 'GNU.sparse.size',
  sparseRealSize: 'GNU.sparse.realsize',
  sparseCount: 'GNU.sparse.numblocks',
  sparseMap: 'GNU.sparse.map',
  sparseOffset: 'GNU.sparse.offset',
  sparseLength: 'GNU.sparse.numbytes',
} as const

/**
 * The records of one extended header, `<length> <key>=<value>\n` each, one char per byte (POSIX pax, "Extended Header").
 * Of equal keys the last counts. The pairs of sparse format 0.0, which repeat their keys, become one 0.1 map.
 */
export function parsePaxRecords(data: Buffer, from: number, length: number): Map<string, string> {
  const records = new Map<string, string>()
  const sparseMap: string[] = []
  let at = from
  while (at < from + length) {
    const end = endOfRecord(data, at, from + length)
    const space = data.indexOf(0x20, at)
    const equals = data.indexOf(0x3d, space + 1)
    if (equals < 0 || equals >= end) throw new FieldInvalid()
    const key = data.toString('latin1', space + 1, equals)
    const value = data.toString('latin1', equals + 1, end - 1)
    refuseUnusableRecord(key, value)
    if (key === paxKey.sparseOffset || key === paxKey.sparseLength) addToSparseMap(sparseMap, key, value)
    else records.set(key, value)
    at = end
  }
  if (sparseMap.length > 0) records.set(paxKey.sparseMap, sparseMap.join(','))
  return records
}

/** The record's own count of its bytes must end it, with a newline. */
function endOfRecord(data: Buffer, from: number, dataEnd: number): number {
  const space = data.indexOf(0x20, from)
  if (space < 0 || space >= dataEnd) throw new FieldInvalid()
  const length = parseDecimal(data.toString('latin1', from, space))
  const end = from + length
  if (end > dataEnd || end <= space + 1) throw new FieldInvalid()
  if (data[end - 1] !== 0x0a) throw new FieldInvalid()
  return end
}

/** A NUL would end the name early for a reader in C: two readers, two archives. */
function refuseUnusableRecord(key: string, value: string): void {
  if (key === '') throw new FieldInvalid()
  const isName = key === paxKey.path || key === paxKey.linkPath || key === paxKey.userName || key === paxKey.groupName
  if ((isName ? value : key).includes('\0')) throw new FieldInvalid()
}

function addToSparseMap(map: string[], key: string, value: string): void {
  const expected = map.length % 2 === 0 ? paxKey.sparseOffset : paxKey.sparseLength
  if (key !== expected || value.includes(',')) throw new FieldInvalid()
  map.push(value)
}

/** Seconds with a fraction of any length; digits beyond nanoseconds are cut off. */
export function parsePaxTime(text: string): TarTime {
  const dot = text.indexOf('.')
  const seconds = parseDecimal(dot < 0 ? text : text.slice(0, dot))
  const fraction = dot < 0 ? '' : text.slice(dot + 1)
  if (!/^[0-9]*$/.test(fraction)) throw new FieldInvalid()
  const nanoseconds = Number(fraction.slice(0, 9).padEnd(9, '0'))
  if (nanoseconds === 0) return { seconds, nanoseconds }
  // -1.25 is a quarter of a second before -1: counted up from -2.
  return text.startsWith('-') ? { seconds: seconds - 1, nanoseconds: 1e9 - nanoseconds } : { seconds, nanoseconds }
}
