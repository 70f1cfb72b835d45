import { FieldProblem, integerField, knownName, parseRecords, type RawRecord, textField } from './record-fields.ts'
import { jsonString } from './json-text.ts'

/** One line of mountpoints.json (spec/store §2.3). */
export interface MountRecord {
  /** As it stands there: an id, a name or a unique prefix. */
  readonly layer: string
  readonly path: string
  readonly count: number
}

const fields: ReadonlySet<string> = new Set(['id', 'path', 'count'])

/** @throws Fault `records-invalid` */
export function parseMounts(text: string, path: string): readonly MountRecord[] {
  return parseRecords(text, path, parseMount)
}

function parseMount(raw: RawRecord): MountRecord {
  let layer: string | undefined
  let path = ''
  let count = 0
  for (const key of Object.keys(raw)) {
    const value = raw[key]
    const name = value === null ? undefined : knownName(key, fields)
    if (name === 'id') layer = textField(value, name)
    if (name === 'path') path = textField(value, name)
    if (name === 'count') count = integerField(value, name)
  }
  if (layer === undefined) throw new FieldProblem('has no "id"')
  return { layer, path, count }
}

export function formatMounts(mounts: readonly MountRecord[]): string {
  const rows = mounts.map((m) => `{"id":${jsonString(m.layer)},"path":${jsonString(m.path)},"count":${m.count}}`)
  return `[${rows.join(',')}]`
}
