import { type Digest, digestProblem, Fault, type IdRange, parseDigest, parseTimestamp, type Timestamp } from '#model'

/** A record's fields as JSON gives them, before anything is known of their types. */
export type RawRecord = Readonly<Record<string, unknown>>

/** What is wrong with a record, until `parseRecords` says in which file and where. */
export class FieldProblem extends Error {}

/**
 * The records of one file: no text and `null` are none. One record that cannot be read makes the whole file unreadable, since
 * it would vanish with the next save.
 * @throws Fault `records-invalid`
 */
export function parseRecords<T>(text: string, path: string, parse: (raw: RawRecord) => T): T[] {
  const rows = parseRows(text, path)
  const records: T[] = []
  for (const [index, row] of rows.entries()) {
    try {
      if (!isRecord(row)) throw new FieldProblem('is not an object')
      records.push(parse(row))
    } catch (error) {
      if (!(error instanceof FieldProblem || error instanceof Fault)) throw error
      throw new Fault({ code: 'records-invalid', path, problem: `record ${index} ${error.message}` }, { cause: error })
    }
  }
  return records
}

function parseRows(text: string, path: string): readonly unknown[] {
  if (text === '') return []
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause)
    throw new Fault({ code: 'records-invalid', path, problem }, { cause })
  }
  if (value === null) return []
  if (!Array.isArray(value)) throw new Fault({ code: 'records-invalid', path, problem: 'is not a list' })
  return value
}

export function isRecord(value: unknown): value is RawRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The name under which a field is known; Go matches names whatever their case. */
export function knownName(key: string, known: ReadonlySet<string>): string | undefined {
  if (known.has(key)) return key
  const lower = key.toLowerCase()
  return known.has(lower) ? lower : undefined
}

/** Keeps a field that means nothing to us. A key `__proto__` from a file must become a field, not a prototype. */
export function keepUnknown(fields: Record<string, unknown>, key: string, value: unknown): void {
  refuseDepth(value, key)
  Object.defineProperty(fields, key, { value, enumerable: true, writable: true, configurable: true })
}

export function textField(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new FieldProblem(`has a "${name}" that is not text`)
  return value
}

export function integerField(value: unknown, name: string): number {
  if (!Number.isInteger(value)) throw new FieldProblem(`has a "${name}" that is not a whole number`)
  return Number(value)
}

export function textListField(value: unknown, name: string): readonly string[] {
  if (!Array.isArray(value)) throw new FieldProblem(`has a "${name}" that is not a list`)
  for (const item of value) textField(item, name)
  return value
}

/** uint32, as ids are. */
export function idListField(value: unknown, name: string): readonly number[] {
  if (!Array.isArray(value)) throw new FieldProblem(`has a "${name}" that is not a list`)
  for (const item of value) {
    if (integerField(item, name) < 0 || integerField(item, name) > 0xffff_ffff)
      throw new FieldProblem(`has a "${name}" with an id out of range`)
  }
  return value
}

export function timeField(value: unknown, name: string): Timestamp {
  return parseTimestamp(textField(value, name))
}

export function objectField(value: unknown, name: string): RawRecord {
  if (!isRecord(value)) throw new FieldProblem(`has a "${name}" that is not an object`)
  refuseDepth(value, name)
  return value
}

const mostLevels = 1000

// Reading takes any depth; writing back calls itself for every level, and must not find out then that there is no stack for it.
function refuseDepth(value: unknown, name: string): void {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > mostLevels) throw new FieldProblem(`has a "${name}" of more than ${mostLevels} levels`)
    level = level.flatMap((item) => (typeof item === 'object' && item !== null ? Object.values(item) : []))
  }
}

const rangeFields: ReadonlySet<string> = new Set(['container_id', 'host_id', 'size'])

export function rangesField(value: unknown, name: string): readonly IdRange[] {
  if (!Array.isArray(value)) throw new FieldProblem(`has a "${name}" that is not a list`)
  return value.map((item) => parseRange(objectField(item, name), name))
}

function parseRange(raw: RawRecord, name: string): IdRange {
  const numbers = new Map<string, number>()
  for (const key of Object.keys(raw)) {
    const field = knownName(key, rangeFields)
    if (field !== undefined && raw[key] !== null) numbers.set(field, integerField(raw[key], name))
  }
  return {
    containerId: numbers.get('container_id') ?? 0,
    hostId: numbers.get('host_id') ?? 0,
    size: numbers.get('size') ?? 0,
  }
}

export function sizesField(value: unknown, name: string): Readonly<Record<string, number>> {
  const sizes: Record<string, number> = {}
  const raw = objectField(value, name)
  for (const key of Object.keys(raw)) keepUnknown(sizes, key, integerField(raw[key], name))
  return sizes
}

/** A digest that is none is dropped: it could be compared with nothing, and is computed anew where it is needed. */
export function digestsField(value: unknown, name: string): Readonly<Record<string, Digest>> {
  const digests: Record<string, Digest> = {}
  const raw = objectField(value, name)
  for (const key of Object.keys(raw)) {
    const text = textField(raw[key], name)
    if (digestProblem(text) === undefined) keepUnknown(digests, key, parseDigest(text))
  }
  return digests
}
