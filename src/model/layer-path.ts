import type { Brand } from './brand.ts'

/**
 * A path inside a layer, one char (U+0000–U+00FF) per byte: names need not be UTF-8, and two names that differ in one byte
 * must not become one. Give it to the kernel as `Buffer.from(path, 'latin1')`; show it to people with `textOfLayerPath`.
 * Not normalised: it is what the tar says until `cleanLayerPath` has been over it.
 */
export type LayerPath = string & Brand<'LayerPath'>

export function layerPathOfBytes(bytes: Uint8Array): LayerPath {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1') as LayerPath
}

/** From ordinary text, which stands for its UTF-8 bytes. */
export function layerPathOfText(text: string): LayerPath {
  return Buffer.from(text, 'utf8').toString('latin1') as LayerPath
}

export function bytesOfLayerPath(path: LayerPath): Buffer {
  return Buffer.from(path, 'latin1')
}

/** For people and for JSON: bytes that are not UTF-8 become U+FFFD. */
export function textOfLayerPath(path: LayerPath): string {
  return Buffer.from(path, 'latin1').toString('utf8')
}

/** Of a char-per-byte string that is already known to be one: a part or a join of layer paths. */
export function layerPath(charPerByte: string): LayerPath {
  return charPerByte as LayerPath
}

/** Lexically cleaned and relative to the layer's root: no `.`, no empty part, `..` stops at the root. The root itself is `''`. */
export function cleanLayerPath(path: string): LayerPath {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return parts.join('/') as LayerPath
}
