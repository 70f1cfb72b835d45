import { layerPath, layerPathOfText } from '#model'
import type { LayerPath } from '#model'
import { tarSplitInvalid } from './invalid.ts'
import type { TarSplitRecord } from './record.ts'

const segmentHead = '{"type":2,"payload":"'
const segmentTail = /^","position":[0-9]+\}$/
const noBytes = Buffer.alloc(0)

/** One JSON object of a tar-split. Throws Fault `tar-split-invalid`. */
export function parseRecord(json: Buffer): TarSplitRecord {
  return plainSegment(json) ?? recordOfObject(parsedObject(json))
}

/** Segments as every writer spells them are most of the bytes, and need no JSON parser. */
function plainSegment(json: Buffer): TarSplitRecord | undefined {
  const text = json.toString('latin1')
  if (!text.startsWith(segmentHead)) return undefined
  const end = text.indexOf('"', segmentHead.length)
  const payload = text.slice(segmentHead.length, end)
  if (payload.includes('\\') || !segmentTail.test(text.slice(end))) return undefined
  return { kind: 'segment', bytes: bytesOfBase64(payload) }
}

function parsedObject(json: Buffer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(json.toString('utf8')) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw tarSplitInvalid('not JSON', cause)
  }
}

function recordOfObject(object: Readonly<Record<string, unknown>>): TarSplitRecord {
  const payload = optionalBytes(object, 'payload')
  switch (object['type']) {
    case 1:
      return fileRecord(object, payload)
    case 2:
      return { kind: 'segment', bytes: payload }
    default:
      throw tarSplitInvalid(`a record of type ${JSON.stringify(object['type'] ?? null)}`)
  }
}

function fileRecord(object: Readonly<Record<string, unknown>>, crc: Buffer): TarSplitRecord {
  const size = object['size'] ?? 0
  if (typeof size !== 'number' || !Number.isSafeInteger(size)) throw tarSplitInvalid('a size that is not a size')
  if (size > 0 && crc.length !== 8) throw tarSplitInvalid('a checksum that is not 8 bytes')
  return { kind: 'file', path: pathOf(object), size, crc }
}

function pathOf(object: Readonly<Record<string, unknown>>): LayerPath {
  const name = object['name'] ?? ''
  if (typeof name !== 'string') throw tarSplitInvalid('a name that is not a text')
  return name === '' ? layerPath(optionalBytes(object, 'name_raw').toString('latin1')) : layerPathOfText(name)
}

function optionalBytes(object: Readonly<Record<string, unknown>>, key: string): Buffer {
  const value = object[key] ?? ''
  if (typeof value !== 'string') throw tarSplitInvalid(`${key} is not base64`)
  return value === '' ? noBytes : bytesOfBase64(value)
}

/** Node's decoder passes over what is not base64: then there are fewer bytes than the text promises. */
function bytesOfBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  const pads = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const isExact = text.length % 4 === 0 && bytes.length === (text.length / 4) * 3 - pads
  if (!isExact || text.includes('-') || text.includes('_')) throw tarSplitInvalid('payload is not base64')
  return bytes
}
