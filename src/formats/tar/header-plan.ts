import { Fault, layerPath } from '#model'
import type { TarTime } from './entry.ts'
import type { TarHeader } from './header.ts'
import { paxKey } from './pax-records.ts'
import { paxTimeText } from './pax-record-text.ts'
import { hasBody, typeflag, typeflagOfKind } from './typeflag.ts'
import { fitsBase256, fitsOctal } from './write-field.ts'

/** A header with nothing left open. */
export type FullHeader = Required<Omit<TarHeader, 'kind' | 'atime' | 'ctime' | 'xattrs' | 'paxRecords'>> & {
  readonly atime: TarTime | undefined
  readonly ctime: TarTime | undefined
}

/** In which dialect a header can be written, and with which records if it is PAX. */
export interface HeaderPlan {
  readonly header: FullHeader
  readonly dialect: 'ustar' | 'pax' | 'gnu'
  /** By key, sorted. */
  readonly records: readonly (readonly [key: string, value: string])[]
}

/**
 * Chooses as Go's archive/tar does: USTAR if everything fits, else PAX, else GNU (spec/drivers §7.5). `any` rounds mtime to
 * seconds and drops atime and ctime; `pax` keeps them, as records. Throws Fault `unsupported` if no dialect can say it.
 */
export function planHeader(source: TarHeader, format: 'any' | 'pax'): HeaderPlan {
  const header = fullHeader(source, format)
  const plan = new Plan(source.paxRecords ?? new Map())
  plan.text(header.path, 100, paxKey.path)
  plan.text(header.linkPath, 100, paxKey.linkPath)
  plan.text(header.userName, 32, paxKey.userName)
  plan.text(header.groupName, 32, paxKey.groupName)
  plan.number(header.mode, 8)
  plan.number(header.uid, 8, paxKey.uid)
  plan.number(header.gid, 8, paxKey.gid)
  plan.number(header.size, 12, paxKey.size)
  plan.number(header.deviceMajor, 8)
  plan.number(header.deviceMinor, 8)
  plan.mtime(header.mtime)
  plan.time(header.atime, paxKey.atime)
  plan.time(header.ctime, paxKey.ctime)
  refuseImpossible(header)
  for (const [name, value] of source.xattrs ?? []) plan.record(paxKey.xattr + name, latin1(value))
  for (const [key, value] of source.paxRecords ?? []) plan.furtherRecord(key, value, source.kind)
  return { header, ...plan.decide(format, header) }
}

function fullHeader(source: TarHeader, format: 'any' | 'pax'): FullHeader {
  const flag = source.kind === 'other' ? (source.typeflag ?? typeflag.file) : typeflagOfKind(source.kind)
  const exact = format === 'pax'
  return {
    typeflag: flag === typeflag.oldFile ? typeflag.file : flag,
    path: source.path,
    linkPath: source.linkPath ?? layerPath(''),
    size: source.size ?? 0,
    mode: source.mode,
    uid: source.uid,
    gid: source.gid,
    userName: source.userName ?? '',
    groupName: source.groupName ?? '',
    mtime: exact ? source.mtime : rounded(source.mtime),
    atime: exact ? source.atime : undefined,
    ctime: exact ? source.ctime : undefined,
    deviceMajor: source.deviceMajor ?? 0,
    deviceMinor: source.deviceMinor ?? 0,
  }
}

function rounded({ seconds, nanoseconds }: TarTime): TarTime {
  return { seconds: nanoseconds >= 5e8 ? seconds + 1 : seconds, nanoseconds: 0 }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** Links are not among them: they may point to directories. */
const neverDirectory: ReadonlySet<number> = new Set([
  typeflag.file,
  typeflag.charDevice,
  typeflag.blockDevice,
  typeflag.fifo,
  typeflag.gnuSparse,
])

function refuseImpossible(header: FullHeader): void {
  if (neverDirectory.has(header.typeflag) && header.path.endsWith('/'))
    throw notWritable(header, 'a trailing slash in the name of a file')
  if (hasBody(header.typeflag) && header.size < 0) throw notWritable(header, 'a negative size')
}

/** Fields that say what a header field says too: records for them come from the field. */
const fieldKeys: ReadonlySet<string> = new Set([
  paxKey.path,
  paxKey.linkPath,
  paxKey.size,
  paxKey.uid,
  paxKey.gid,
  paxKey.userName,
  paxKey.groupName,
  paxKey.mtime,
  paxKey.atime,
  paxKey.ctime,
])

/** What each field permits, gathered. */
class Plan {
  readonly #given: ReadonlyMap<string, string>
  readonly #records = new Map<string, string>()
  #ustar = true
  #pax = true
  #gnu = true
  #preferPax = false

  constructor(given: ReadonlyMap<string, string>) {
    this.#given = given
  }

  text(text: string, room: number, key: string): void {
    const isLong = text.length > room
    const isPath = key === paxKey.path
    if (text.includes('\0') || (isLong && !isPath && key !== paxKey.linkPath)) this.#gnu = false
    if (isLong || !isAscii(text)) {
      if (!isPath || splitPath(text) === undefined) this.#ustar = false
      this.#records.set(key, text)
    }
    this.#keepGiven(key, text)
  }

  number(value: number, room: number, key?: string): void {
    if (!fitsBase256(value, room)) this.#gnu = false
    if (!fitsOctal(value, room)) {
      this.#ustar = false
      if (key === undefined) this.#pax = false
      else this.#records.set(key, String(value))
    }
    if (key !== undefined) this.#keepGiven(key, String(value))
  }

  mtime(time: TarTime): void {
    const fits = fitsOctal(time.seconds, 12)
    if (!fits) this.#ustar = false
    if (!fits || time.nanoseconds !== 0) {
      this.#preferPax = true
      this.#records.set(paxKey.mtime, paxTimeText(time))
    }
    this.#keepGiven(paxKey.mtime, paxTimeText(time))
  }

  time(time: TarTime | undefined, key: string): void {
    if (time === undefined) return
    this.#ustar = false
    this.#preferPax = true
    this.#records.set(key, paxTimeText(time))
  }

  record(key: string, value: string): void {
    this.#ustar = false
    this.#gnu = false
    this.#records.set(key, value)
  }

  /** Any record at all makes it PAX, even one that is left out. */
  furtherRecord(key: string, value: string, kind: TarHeader['kind']): void {
    const conflicts = kind !== 'global-header' && (fieldKeys.has(key) || key.startsWith('GNU.sparse.'))
    if (!conflicts && !this.#records.has(key)) this.#records.set(key, value)
    this.#ustar = false
    this.#gnu = false
  }

  decide(format: 'any' | 'pax', header: FullHeader): Pick<HeaderPlan, 'dialect' | 'records'> {
    const records = [...this.#records].sort(([left], [right]) => (left < right ? -1 : 1))
    for (const [key, value] of records) refuseUnwritable(key, value, header)
    if (this.#ustar && (format === 'any' || !this.#preferPax)) return { dialect: 'ustar', records: [] }
    if (this.#pax) return { dialect: 'pax', records }
    if (this.#gnu && format === 'any') return { dialect: 'gnu', records: [] }
    throw notWritable(header, 'a number that is too large')
  }

  #keepGiven(key: string, value: string): void {
    if (this.#given.get(key) === value) this.#records.set(key, value)
  }
}

function refuseUnwritable(key: string, value: string, header: FullHeader): void {
  const isName = key === paxKey.path || key === paxKey.linkPath || key === paxKey.userName || key === paxKey.groupName
  if (key === '' || key.includes('=') || (isName ? value : key).includes('\0')) {
    throw notWritable(header, `the record ${JSON.stringify(key)}`)
  }
}

function notWritable(header: FullHeader, what: string): Fault {
  return new Fault({ code: 'unsupported', what: `${what} (${JSON.stringify(header.path)})`, by: 'tar' })
}

/** ASCII without NUL. */
export function isAscii(text: string): boolean {
  return /^[\x01-\x7f]*$/.test(text)
}

/** A long path cut at a slash into USTAR's prefix (155 bytes) and name (100). */
export function splitPath(path: string): { readonly prefix: string; readonly name: string } | undefined {
  if (path.length <= 100 || !isAscii(path)) return undefined
  const searched = path.length > 156 ? 156 : path.endsWith('/') ? path.length - 1 : path.length
  const slash = path.slice(0, searched).lastIndexOf('/')
  const name = path.slice(slash + 1)
  if (slash <= 0 || slash > 155 || name.length > 100 || name.length === 0) return undefined
  return { prefix: path.slice(0, slash), name }
}
