import {
  type Digest,
  digestProblem,
  Fault,
  type Image,
  type ImageId,
  parseDigest,
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
  type RawRecord,
  sizesField,
  textField,
  textListField,
  timeField,
} from './record-fields.ts'
import { always, flags, map, record, text, texts } from './record-text.ts'

const fields: ReadonlySet<string> = new Set([
  'id',
  'digest',
  'names',
  'names-history',
  'layer',
  'mapped-layers',
  'metadata',
  'big-data-names',
  'big-data-sizes',
  'big-data-digests',
  'created',
  'flags',
])

type Draft = { -readonly [K in keyof Image]: Image[K] }

/** images.json (spec/store §2.4). @throws Fault `records-invalid` */
export function parseImages(source: string, path: string): readonly Image[] {
  return parseRecords(source, path, parseImage)
}

function parseImage(raw: RawRecord): Image {
  const unknownFields: Record<string, unknown> = {}
  const rest: Partial<Draft> = {}
  let id: ImageId | undefined
  for (const key of Object.keys(raw)) {
    const value = raw[key]
    const name = knownName(key, fields)
    if (name === 'id') id = parseImageId(textField(value, name))
    else if (name === undefined) keepUnknown(unknownFields, key, value)
    else readField(rest, name, value)
  }
  if (id === undefined) throw new FieldProblem('has no "id"')
  return {
    names: [],
    namesHistory: [],
    mappedLayers: [],
    bigDataNames: [],
    bigDataSizes: {},
    bigDataDigests: {},
    created: zeroTimestamp,
    ...rest,
    id,
    unknownFields,
  }
}

function readField(into: Partial<Draft>, name: string, value: unknown): void {
  if (value === null || value === '') return
  switch (name) {
    case 'digest':
      into.digest = readDigest(textField(value, name))
      break
    case 'names':
      into.names = textListField(value, name)
      break
    case 'names-history':
      into.namesHistory = textListField(value, name)
      break
    case 'layer':
      into.layer = parseLayerId(textField(value, name))
      break
    case 'mapped-layers':
      into.mappedLayers = textListField(value, name).map(parseLayerId)
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
    case 'flags':
      into.flags = objectField(value, name)
      break
  }
}

function readDigest(digest: string): Digest {
  const problem = digestProblem(digest)
  if (problem !== undefined) throw new Fault({ code: 'image-digest-invalid', digest, problem })
  return parseDigest(digest)
}

/** The text of images.json. */
export function formatImages(images: readonly Image[]): string {
  return `[${images.map(formatImage).join(',')}]`
}

export function formatImage(image: Image): string {
  return record(
    always('id', image.id) +
      text('digest', image.digest) +
      texts('names', image.names) +
      texts('names-history', image.namesHistory) +
      text('layer', image.layer) +
      texts('mapped-layers', image.mappedLayers) +
      text('metadata', image.metadata) +
      texts('big-data-names', image.bigDataNames) +
      map('big-data-sizes', image.bigDataSizes) +
      map('big-data-digests', image.bigDataDigests) +
      always('created', image.created) +
      flags('flags', image.flags),
    image.unknownFields,
  )
}
