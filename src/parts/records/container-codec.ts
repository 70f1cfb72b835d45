import {
  type Container,
  type ContainerId,
  type LayerId,
  parseContainerId,
  parseImageId,
  parseLayerId,
  zeroTimestamp,
} from '#model'
import {
  digestsField,
  FieldProblem,
  keepUnknown,
  knownName,
  objectField,
  parseRecords,
  rangesField,
  type RawRecord,
  sizesField,
  textField,
  textListField,
  timeField,
} from './record-fields.ts'
import { always, flags, map, ranges, record, text, texts } from './record-text.ts'

const fields: ReadonlySet<string> = new Set([
  'id',
  'names',
  'image',
  'layer',
  'metadata',
  'big-data-names',
  'big-data-sizes',
  'big-data-digests',
  'created',
  'uidmap',
  'gidmap',
  'flags',
])

type Draft = { -readonly [K in keyof Container]: Container[K] }

/** containers.json (spec/store §2.5). @throws Fault `records-invalid` */
export function parseContainers(source: string, path: string): readonly Container[] {
  return parseRecords(source, path, parseContainer)
}

function parseContainer(raw: RawRecord): Container {
  const unknownFields: Record<string, unknown> = {}
  const rest: Partial<Draft> = {}
  let id: ContainerId | undefined
  let layer: LayerId | undefined
  for (const key of Object.keys(raw)) {
    const value = raw[key]
    const name = knownName(key, fields)
    if (name === 'id') id = parseContainerId(textField(value, name))
    else if (name === 'layer') layer = parseLayerId(textField(value, name))
    else if (name === undefined) keepUnknown(unknownFields, key, value)
    else readField(rest, name, value)
  }
  if (id === undefined) throw new FieldProblem('has no "id"')
  if (layer === undefined) throw new FieldProblem('has no "layer"')
  return {
    names: [],
    bigDataNames: [],
    bigDataSizes: {},
    bigDataDigests: {},
    created: zeroTimestamp,
    ...rest,
    id,
    layer,
    unknownFields,
  }
}

function readField(into: Partial<Draft>, name: string, value: unknown): void {
  if (value === null || value === '') return
  switch (name) {
    case 'names':
      into.names = textListField(value, name)
      break
    case 'image':
      into.image = parseImageId(textField(value, name))
      break
    case 'metadata':
      into.metadata = textField(value, name)
      break
    case 'big-data-names':
      into.bigDataNames = textListField(value, name)
      break
    case 'big-data-sizes':
      into.bigDataSizes = sizesField(value, name)
      break
    case 'big-data-digests':
      into.bigDataDigests = digestsField(value, name)
      break
    case 'created':
      into.created = timeField(value, name)
      break
    case 'uidmap':
      into.uidMap = rangesField(value, name)
      break
    case 'gidmap':
      into.gidMap = rangesField(value, name)
      break
    case 'flags':
      into.flags = objectField(value, name)
      break
  }
}

/** The text of containers.json. */
export function formatContainers(containers: readonly Container[]): string {
  return `[${containers.map(formatContainer).join(',')}]`
}

export function formatContainer(container: Container): string {
  return record(
    always('id', container.id) +
      texts('names', container.names) +
      always('image', container.image ?? '') +
      always('layer', container.layer) +
      text('metadata', container.metadata) +
      texts('big-data-names', container.bigDataNames) +
      map('big-data-sizes', container.bigDataSizes) +
      map('big-data-digests', container.bigDataDigests) +
      always('created', container.created) +
      ranges('uidmap', container.uidMap) +
      ranges('gidmap', container.gidMap) +
      flags('flags', container.flags),
    container.unknownFields,
  )
}
