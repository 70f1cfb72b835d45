import { isUtf8 } from 'node:buffer'
import type { LayerPath } from '#model'

/** The line of a segment, exactly as Go's encoder writes it. Only ASCII is in it. */
export function segmentLine(bytes: Buffer, position: number): string {
  return `{"type":2,"payload":"${bytes.toString('base64')}","position":${position}}\n`
}

/** The line of a file, one char per byte. `crc` is there for bodies only. */
export function fileLine(path: LayerPath, size: number, crc: Buffer | undefined, position: number): string {
  const sized = size === 0 ? '' : `"size":${size},`
  const payload = crc === undefined ? 'null' : `"${crc.toString('base64')}"`
  return `{"type":1,${nameFields(path)}${sized}"payload":${payload},"position":${position}}\n`
}

const plainName = /^[ !#-%'-;=?-[\]-~]*$/

function nameFields(path: LayerPath): string {
  if (path === '') return ''
  if (plainName.test(path)) return `"name":"${path}",`
  const bytes = Buffer.from(path, 'latin1')
  if (!isUtf8(bytes)) return `"name_raw":"${bytes.toString('base64')}",`
  return `"name":"${path.replaceAll(escaped, escapeOf)}",`
}

/** Quotes, controls, what Go escapes for the sake of HTML, and the UTF-8 bytes of U+2028 and U+2029. */
const escaped = /["\\<>&\0-\x1f]|\xe2\x80[\xa8\xa9]/g

function escapeOf(chars: string): string {
  switch (chars) {
    case '"':
    case '\\':
      return `\\${chars}`
    case '\n':
      return '\\n'
    case '\r':
      return '\\r'
    case '\t':
      return '\\t'
    case '\xe2\x80\xa8':
      return '\\u2028'
    case '\xe2\x80\xa9':
      return '\\u2029'
    default:
      return `\\u${chars.charCodeAt(0).toString(16).padStart(4, '0')}`
  }
}
