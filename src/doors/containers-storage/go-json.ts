import { jsonValue } from '#parts/records'

/** A value as Go's encoder writes it: keys of maps sorted, `<`, `>` and `&` escaped, no spaces. */
export function goMap(value: Readonly<Record<string, unknown>>): string {
  return jsonValue(value, 'sorted')
}

/** The same for a struct: fields in the order in which they stand here. */
export function goStruct(value: unknown): string {
  return jsonValue(value, 'as-read')
}

/** An array of texts that are JSON already. */
export function jsonArray(items: readonly string[]): string {
  return `[${items.join(',')}]`
}
