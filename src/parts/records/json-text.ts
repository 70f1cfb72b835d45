// The bytes that the Go tools write (json-iterator in its standard-library mode, spec/store §2.1). JSON.stringify differs: it has
// `\b` and `\f`, and leaves `<`, `>`, `&` alone.

const special = /["\\<>&\u0000-\u001f\u2028\u2029\ud800-\udfff]/
const escaped = /["\\<>&\u0000-\u001f\u2028\u2029]/g

export function jsonString(text: string): string {
  return special.test(text) ? `"${text.toWellFormed().replace(escaped, escapeOf)}"` : `"${text}"`
}

function escapeOf(char: string): string {
  switch (char) {
    case '"':
      return '\\"'
    case '\\':
      return '\\\\'
    case '\n':
      return '\\n'
    case '\r':
      return '\\r'
    case '\t':
      return '\\t'
    default:
      return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  }
}

/** Any value that JSON.parse gives. `sorted`: keys by their UTF-8 bytes, as Go writes maps; `as-read`: for what we only carry along. */
export function jsonValue(value: unknown, keys: 'sorted' | 'as-read'): string {
  if (typeof value === 'string') return jsonString(value)
  if (Array.isArray(value)) return `[${value.map((item) => jsonValue(item, keys)).join(',')}]`
  if (typeof value === 'number') return jsonNumber(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter((entry) => entry[1] !== undefined)
  if (keys === 'sorted') entries.sort((a, b) => compareUtf8(a[0], b[0]))
  return `{${entries.map(([key, item]) => `${jsonString(key)}:${jsonValue(item, keys)}`).join(',')}}`
}

/** As ECMAScript writes them, but for an exponent of two digits at least. */
function jsonNumber(number: number): string {
  return JSON.stringify(number).replace(/e([+-])(\d)$/, 'e$10$2')
}

const surrogate = /[\ud800-\udfff]/

/** UTF-16 order differs from that of UTF-8 only where surrogates meet U+E000 and above. */
export function compareUtf8(a: string, b: string): number {
  if (surrogate.test(a) || surrogate.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}
