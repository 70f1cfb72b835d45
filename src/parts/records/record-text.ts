import type { IdRange } from '#model'
import { compareUtf8, jsonString, jsonValue } from './json-text.ts'

// A record is put together from these, in the order of the format. Every field but the first brings its comma; one that is empty is
// left out. Names of fields need no escapes. Plain functions, since a table of 50,000 layers calls them a million times.

export function always(name: string, text: string): string {
  return `,"${name}":${jsonString(text)}`
}

export function text(name: string, value: string | undefined): string {
  return value === undefined || value === '' ? '' : `,"${name}":${jsonString(value)}`
}

export function integer(name: string, value: number | undefined): string {
  return value === undefined || value === 0 ? '' : `,"${name}":${value}`
}

export function texts(name: string, list: readonly string[]): string {
  return list.length === 0 ? '' : `,"${name}":[${list.map(jsonString).join(',')}]`
}

export function integers(name: string, list: readonly number[] | undefined): string {
  return list === undefined || list.length === 0 ? '' : `,"${name}":[${list.join(',')}]`
}

export function ranges(name: string, list: readonly IdRange[] | undefined): string {
  if (list === undefined || list.length === 0) return ''
  const items = list.map((r) => `{"container_id":${r.containerId},"host_id":${r.hostId},"size":${r.size}}`)
  return `,"${name}":[${items.join(',')}]`
}

/** Keys sorted by their bytes. */
export function map(name: string, values: Readonly<Record<string, string | number>>): string {
  const keys = Object.keys(values)
  if (keys.length === 0) return ''
  keys.sort(compareUtf8)
  return `,"${name}":{${keys.map((key) => `${jsonString(key)}:${jsonValue(values[key], 'sorted')}`).join(',')}}`
}

export function flags(name: string, values: Readonly<Record<string, unknown>> | undefined): string {
  return values === undefined || Object.keys(values).length === 0 ? '' : `,"${name}":${jsonValue(values, 'sorted')}`
}

/** A record of these fields, and of those we only carry along. One that has got a proper value meanwhile is not written twice. */
export function record(fields: string, unknownFields: Readonly<Record<string, unknown>>): string {
  const body = fields.slice(1)
  const unknown = Object.keys(unknownFields)
  if (unknown.length === 0) return `{${body}}`
  const known = new Set(Object.keys(JSON.parse(`{${body}}`)))
  const carried = unknown.filter((key) => !known.has(key.toLowerCase()))
  return `{${[body, ...carried.map((key) => `${jsonString(key)}:${jsonValue(unknownFields[key], 'as-read')}`)].join(',')}}`
}
