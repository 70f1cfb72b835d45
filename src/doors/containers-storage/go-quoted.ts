import { bytesOfLayerPath, type LayerPath } from '#model'

const short: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

/** Go's %q: printable characters as they are, bytes that are no UTF-8 as `\xNN`. */
export function goQuoted(path: LayerPath): string {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const bytes = bytesOfLayerPath(path)
  let text = ''
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes[at] ?? 0)
    const char = decoded(decoder, bytes.subarray(at, at + length))
    text += char === undefined ? `\\x${hex(bytes[at] ?? 0, 2)}` : quotedChar(char)
    at += char === undefined ? 1 : length
  }
  return `"${text}"`
}

function sequenceLength(first: number): number {
  if (first < 0x80) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}

function decoded(decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function quotedChar(char: string): string {
  const escape = short[char]
  if (escape !== undefined) return escape
  if (char === ' ' || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(char)) return char
  const code = char.codePointAt(0) ?? 0
  if (code < 0x80) return `\\x${hex(code, 2)}`
  return code < 0x1_0000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}
