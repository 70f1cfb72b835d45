import {
  type Compression,
  digestProblem,
  type Layer,
  parseBlobDigest,
  parseDiffId,
  parseLayerId,
  parseTocDigest,
  zeroTimestamp,
} from '#model'
import {
  FieldProblem,
  idListField,
  integerField,
  keepUnknown,
  knownName,
  objectField,
  parseRecords,
  rangesField,
  type RawRecord,
  textField,
  textListField,
  timeField,
} from './record-fields.ts'
import { always, flags, integer, integers, ranges, record, text, texts } from './record-text.ts'

const compressions: readonly Compression[] = ['uncompressed', 'bzip2', 'gzip', 'xz', 'zstd']

const fields: ReadonlySet<string> = new Set([
  'id',
  'names',
  'parent',
  'metadata',
  'mountlabel',
  'created',
  'compressed-diff-digest',
  'compressed-size',
  'diff-digest',
  'toc-digest',
  'diff-size',
  'compression',
  'uidset',
  'gidset',
  'flags',
  'uidmap',
  'gidmap',
  'big-data-names',
])

type Draft = { -readonly [K in keyof Layer]: Layer[K] }

const none: readonly string[] = []
const nothing: Readonly<Record<string, unknown>> = {}

/** layers.json (spec/store §2.2). @throws Fault `records-invalid` */
export function parseLayers(source: string, path: string): readonly Layer[] {
  return parseRecords(source, path, parseLayer)
}

// All rows begin with the same fields in the same order, and share what is empty: that keeps 50,000 of them small.
function parseLayer(raw: RawRecord): Layer {
  const draft: Partial<Draft> = {
    names: none,
    created: zeroTimestamp,
    compression: 'uncompressed',
    bigDataNames: none,
    unknownFields: nothing,
  }
  let unknownFields: Record<string, unknown> | undefined
  for (const key of Object.keys(raw)) {
    const value = raw[key]
    const name = knownName(key, fields)
    if (name !== undefined && readField(draft, name, value)) continue
    unknownFields ??= {}
    keepUnknown(unknownFields, key, value)
  }
  if (draft.id === undefined) throw new FieldProblem('has no "id"')
  if (unknownFields !== undefined) draft.unknownFields = unknownFields
  return draft as Layer
}

/** False: a value that we cannot say in our types, though Go could. It is carried along like an unknown field. */
function readField(into: Partial<Draft>, name: string, value: unknown): boolean {
  if (name === 'id') {
    into.id = parseLayerId(textField(value, name))
    return true
  }
  if (value === null || value === '' || value === 0) return true
  switch (name) {
    case 'names':
      into.names = textListField(value, name)
      return true
    case 'parent':
      into.parent = parseLayerId(textField(value, name))
      return true
    case 'metadata':
      into.metadata = textField(value, name)
      return true
    case 'mountlabel':
      into.mountLabel = textField(value, name)
      return true
    case 'created':
      into.created = timeField(value, name)
      return true
    case 'flags':
      into.flags = objectField(value, name)
      return true
    case 'big-data-names':
      into.bigDataNames = textListField(value, name)
      return true
    default:
      return readContentField(into, name, value)
  }
}

function readContentField(into: Partial<Draft>, name: string, value: unknown): boolean {
  switch (name) {
    case 'compressed-size':
      into.compressedSize = integerField(value, name)
      return true
    case 'diff-size':
      into.diffSize = integerField(value, name)
      return true
    case 'uidset':
      into.uids = idListField(value, name)
      return true
    case 'gidset':
      into.gids = idListField(value, name)
      return true
    case 'uidmap':
      into.uidMap = rangesField(value, name)
      return true
    case 'gidmap':
      into.gidMap = rangesField(value, name)
      return true
    case 'compression': {
      const compression = compressions[integerField(value, name)]
      if (compression !== undefined) into.compression = compression
      return compression !== undefined
    }
    default:
      return readDigestField(into, name, textField(value, name))
  }
}

function readDigestField(into: Partial<Draft>, name: string, digest: string): boolean {
  if (digestProblem(digest) !== undefined) return false
  if (name === 'compressed-diff-digest') into.compressedDigest = parseBlobDigest(digest)
  if (name === 'diff-digest') into.diffId = parseDiffId(digest)
  if (name === 'toc-digest') into.tocDigest = parseTocDigest(digest)
  return true
}

// Rows are never changed, only replaced: what one says in JSON is worked out once, so that saving a table of 50,000 layers costs what
// its changed rows cost.
const known = new WeakMap<Layer, string>()

export function formatLayer(layer: Layer): string {
  const before = known.get(layer)
  if (before !== undefined) return before
  const formatted = record(
    always('id', layer.id) +
      texts('names', layer.names) +
      text('parent', layer.parent) +
      text('metadata', layer.metadata) +
      text('mountlabel', layer.mountLabel) +
      always('created', layer.created) +
      text('compressed-diff-digest', layer.compressedDigest) +
      integer('compressed-size', layer.compressedSize) +
      text('diff-digest', layer.diffId) +
      text('toc-digest', layer.tocDigest) +
      integer('diff-size', layer.diffSize) +
      integer('compression', compressions.indexOf(layer.compression)) +
      integers('uidset', layer.uids) +
      integers('gidset', layer.gids) +
      flags('flags', layer.flags) +
      ranges('uidmap', layer.uidMap) +
      ranges('gidmap', layer.gidMap) +
      texts('big-data-names', layer.bigDataNames),
    layer.unknownFields,
  )
  known.set(layer, formatted)
  return formatted
}

/** The text of layers.json. */
export function formatLayers(layers: readonly Layer[]): string {
  return `[${layers.map(formatLayer).join(',')}]`
}
