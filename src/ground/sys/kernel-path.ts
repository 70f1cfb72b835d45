import type { Brand, LayerPath } from '#model'

// A layer path has one char per byte: taken for text, a name that is not ASCII would become another name.
type NotALayerPath = {
  readonly [K in keyof Brand<'LayerPath'>]?: { readonly LayerPath?: never } & Readonly<Record<string, unknown>>
}

/**
 * A path or a name for the kernel: text stands for its UTF-8 bytes, bytes are taken as they are. Bytes that end in NUL already
 * are passed on without a copy (`cString`), which is what hot loops want. A layer path goes through `cString` too.
 */
export type KernelPath = (string & NotALayerPath) | Uint8Array

/** Room for two paths, since some calls take two. The kernel refuses paths of 4096 bytes and more, so nothing longer is kept. */
const scratch = [Buffer.alloc(4160), Buffer.alloc(4160)] as const

/**
 * The bytes of a path with a NUL behind them, in memory that the next call with the same slot uses again; undefined when the
 * path has a NUL inside, which the kernel would take for its end.
 */
export function terminated(path: KernelPath, slot: 0 | 1 = 0): Uint8Array | undefined {
  return typeof path === 'string' ? terminatedText(path, scratch[slot]) : terminatedBytes(path, scratch[slot])
}

function terminatedText(text: string, target: Buffer): Uint8Array | undefined {
  const length = text.length
  if (length >= 4096) return terminatedBytes(Buffer.from(text, 'utf8'), target)
  for (let i = 0; i < length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0) return undefined
    if (char > 0x7f) return terminatedBytes(Buffer.from(text, 'utf8'), target)
    target[i] = char
  }
  target[length] = 0
  return target
}

function terminatedBytes(bytes: Uint8Array, target: Buffer): Uint8Array | undefined {
  const length = bytes.length
  const end = bytes.indexOf(0)
  if (end !== -1) return end === length - 1 ? bytes : undefined
  const room = length < target.length ? target : Buffer.alloc(length + 1)
  room.set(bytes)
  room[length] = 0
  return room
}

/** The bytes of a path with a NUL behind them, made once for many calls. */
export function cString(path: KernelPath): Uint8Array {
  const bytes = typeof path === 'string' ? Buffer.from(path, 'utf8') : path
  const result = Buffer.alloc(bytes.length + 1)
  result.set(bytes)
  return result
}

/** The same for a path inside a layer: one byte per char. */
export function cStringOfLayerPath(path: LayerPath): Uint8Array {
  const result = Buffer.allocUnsafe(path.length + 1)
  for (let i = 0; i < path.length; i++) result[i] = path.charCodeAt(i)
  result[path.length] = 0
  return result
}

/** For messages. */
export function pathText(path: KernelPath): string {
  if (typeof path === 'string') return path
  const bytes = path.at(-1) === 0 ? path.subarray(0, -1) : path
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
