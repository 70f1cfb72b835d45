import { layerPath } from '#model'
import type { TarEntry, TarTime } from './entry.ts'
import type { HeaderFields } from './header-block.ts'
import { exceeded } from './limits.ts'
import type { TarLimits } from './limits.ts'
import { parseDecimal } from './numeric-field.ts'
import { parsePaxTime, paxKey } from './pax-records.ts'
import { kindOfTypeflag, typeflag } from './typeflag.ts'

/** What extension headers said of the entry that follows them. */
export interface Extensions {
  readonly paxRecords: ReadonlyMap<string, string> | undefined
  readonly gnuLongName: string
  readonly gnuLongLink: string
}

const noXattrs: ReadonlyMap<string, Uint8Array> = new Map()
const epoch: TarTime = { seconds: 0, nanoseconds: 0 }

/**
 * Header and extensions merged as Go's reader does: PAX over the header, GNU long names over PAX, an empty PAX value keeps
 * the header's. `fields` is changed in place so that the parser sees the size that counts.
 */
export function mergeExtensions(fields: HeaderFields, extensions: Extensions): void {
  const { paxRecords } = extensions
  if (paxRecords !== undefined) {
    fields.path = paxRecords.get(paxKey.path) || fields.path
    fields.linkPath = paxRecords.get(paxKey.linkPath) || fields.linkPath
    fields.userName = paxRecords.get(paxKey.userName) || fields.userName
    fields.groupName = paxRecords.get(paxKey.groupName) || fields.groupName
    fields.uid = decimalRecord(paxRecords, paxKey.uid) ?? fields.uid
    fields.gid = decimalRecord(paxRecords, paxKey.gid) ?? fields.gid
    fields.size = decimalRecord(paxRecords, paxKey.size) ?? fields.size
  }
  if (extensions.gnuLongName !== '') fields.path = extensions.gnuLongName
  if (extensions.gnuLongLink !== '') fields.linkPath = extensions.gnuLongLink
  if (fields.typeflag === typeflag.oldFile) {
    fields.typeflag = fields.path.endsWith('/') ? typeflag.directory : typeflag.file
  }
}

function decimalRecord(records: ReadonlyMap<string, string>, key: string): number | undefined {
  const text = records.get(key)
  return text === undefined || text === '' ? undefined : parseDecimal(text)
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** The entry of a header whose extensions are merged. Throws Fault `limit-exceeded`. */
export function entryOfHeader(
  fields: HeaderFields,
  paxRecords: ReadonlyMap<string, string> | undefined,
  sparse: boolean,
  limits: TarLimits,
): TarEntry {
  const kind = kindOfTypeflag(fields.typeflag)
  const isLink = kind === 'symlink' || kind === 'hard-link'
  refuseLongPath(fields.path, limits)
  if (isLink) refuseLongPath(fields.linkPath, limits)
  const entry: Writable<TarEntry> = {
    kind,
    typeflag: fields.typeflag,
    path: layerPath(fields.path),
    linkPath: layerPath(isLink ? fields.linkPath : ''),
    size: fields.size,
    mode: fields.mode,
    uid: fields.uid,
    gid: fields.gid,
    userName: fields.userName,
    groupName: fields.groupName,
    mtime: { seconds: fields.mtime, nanoseconds: 0 },
    deviceMajor: fields.deviceMajor,
    deviceMinor: fields.deviceMinor,
    xattrs: noXattrs,
  }
  if (fields.atime !== undefined) entry.atime = { seconds: fields.atime, nanoseconds: 0 }
  if (fields.ctime !== undefined) entry.ctime = { seconds: fields.ctime, nanoseconds: 0 }
  if (sparse) entry.sparse = true
  if (paxRecords !== undefined) addPaxRecords(entry, paxRecords, limits)
  return entry
}

/** A global header, as Go's reader gives it: a name and its records, all else zero. */
export function globalEntry(path: string, paxRecords: ReadonlyMap<string, string>, limits: TarLimits): TarEntry {
  const name = paxRecords.get(paxKey.path) || path
  refuseLongPath(name, limits)
  return {
    kind: 'global-header',
    typeflag: typeflag.globalHeader,
    path: layerPath(name),
    linkPath: layerPath(''),
    size: 0,
    mode: 0,
    uid: 0,
    gid: 0,
    userName: '',
    groupName: '',
    mtime: epoch,
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: noXattrs,
    paxRecords,
  }
}

function addPaxRecords(entry: Writable<TarEntry>, records: ReadonlyMap<string, string>, limits: TarLimits): void {
  entry.paxRecords = records
  let xattrs: Map<string, Uint8Array> | undefined
  let xattrBytes = 0
  for (const [key, value] of records) {
    if (key.startsWith(paxKey.xattr)) {
      xattrs ??= new Map()
      xattrs.set(key.slice(paxKey.xattr.length), Buffer.from(value, 'latin1'))
      xattrBytes += key.length - paxKey.xattr.length + value.length
      if (xattrBytes > limits.xattrBytes) {
        throw exceeded('bytes of extended attributes on one entry', limits.xattrBytes, 'xattrBytes')
      }
    } else if (value !== '') {
      if (key === paxKey.mtime) entry.mtime = parsePaxTime(value)
      else if (key === paxKey.atime) entry.atime = parsePaxTime(value)
      else if (key === paxKey.ctime) entry.ctime = parsePaxTime(value)
    }
  }
  if (xattrs !== undefined) entry.xattrs = xattrs
}

function refuseLongPath(path: string, limits: TarLimits): void {
  if (path.length > limits.pathBytes) throw exceeded('bytes in a path', limits.pathBytes, 'pathBytes')
  // A name and its slash are two bytes: shorter paths cannot be too deep.
  if (path.length < 2 * limits.pathDepth) return
  let depth = 0
  for (const part of path.split('/')) if (part !== '' && part !== '.') depth++
  if (depth > limits.pathDepth) throw exceeded('names in a path', limits.pathDepth, 'pathDepth')
}
