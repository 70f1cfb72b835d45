// For tests: archives as a story of entries.
import { type TarEntry, type TarHeader, TarParser, TarWriter } from '#formats/tar'
import { type LayerPath, layerPath, layerPathOfText } from '#model'
import { ChangesetApplier, type ChangesetApplierOptions } from './changeset-applier.ts'
import type { ApplyTarget } from './target.ts'

/** An entry and its body. */
export interface Told {
  readonly header: TarHeader
  readonly body: Buffer
}

export type Facts = Partial<Omit<TarHeader, 'xattrs'>> & { readonly xattrs?: Readonly<Record<string, string>> }

/** 2001-09-09, long before any test. */
export const longAgo = { seconds: 1_000_000_000, nanoseconds: 0 }

export function file(path: string, content = '', facts: Facts = {}): Told {
  return told('file', path, facts, Buffer.from(content))
}

export function directory(path: string, facts: Facts = {}): Told {
  return told('directory', path, { mode: 0o755, ...facts })
}

export function symlink(path: string, target: string, facts: Facts = {}): Told {
  return told('symlink', path, { mode: 0o777, linkPath: layerPathOfText(target), ...facts })
}

export function hardLink(path: string, target: string, facts: Facts = {}): Told {
  return told('hard-link', path, { linkPath: layerPathOfText(target), ...facts })
}

export function fifo(path: string, facts: Facts = {}): Told {
  return told('fifo', path, facts)
}

export function device(path: string, major: number, minor: number, facts: Facts = {}): Told {
  return told('char-device', path, { deviceMajor: major, deviceMinor: minor, ...facts })
}

export function whiteout(path: string, facts: Facts = {}): Told {
  const slash = path.lastIndexOf('/') + 1
  return told('file', `${path.slice(0, slash)}.wh.${path.slice(slash)}`, facts)
}

export function opaque(path: string): Told {
  return told('file', path === '' ? '.wh..wh..opq' : `${path}/.wh..wh..opq`, {})
}

/** A name of bytes, one char for each. */
export function bytesNamed(path: string, content = ''): Told {
  return { header: { kind: 'file', path: layerPath(path), ...plain, size: content.length }, body: Buffer.from(content) }
}

const plain = { mode: 0o644, uid: 0, gid: 0, mtime: longAgo }

function told(kind: TarHeader['kind'], path: string, facts: Facts, body: Buffer = Buffer.alloc(0)): Told {
  const { xattrs, ...rest } = facts
  const attributes = Object.entries(xattrs ?? {}).map(([name, value]) => [name, Buffer.from(value, 'latin1')] as const)
  const header = { kind, path: layerPathOfText(path), ...plain, size: body.length, ...rest }
  return { header: { ...header, xattrs: new Map(attributes) }, body }
}

export function tarOf(entries: readonly Told[]): Buffer {
  const pieces: Buffer[] = []
  const writer = new TarWriter((bytes) => pieces.push(Buffer.from(bytes)), 'pax')
  for (const { header, body } of entries) {
    writer.entry(header)
    if (body.length > 0) writer.body(body)
    writer.entryEnd()
  }
  writer.end()
  return Buffer.concat(pieces)
}

/** Applies entries as they come out of their tar. */
export function apply(target: ApplyTarget, entries: readonly Told[], options: ChangesetApplierOptions = {}): void {
  using applier = new ChangesetApplier(target, options)
  pass(tarOf(entries), applier)
  applier.finish()
}

/** Parses a tar for an applier. How long paths may be is not the applier's business. */
export function pass(tar: Uint8Array, applier: ChangesetApplier): void {
  const sink = {
    entry: (entry: TarEntry) => applier.entry(entry),
    body: (bytes: Uint8Array) => applier.body(bytes),
    entryEnd: () => applier.entryEnd(),
  }
  const parser = new TarParser(sink, { pathBytes: Infinity, pathDepth: Infinity })
  parser.push(tar)
  parser.end()
}

/** Applies them for a driver that unpacks layers onto each other, all in one directory. */
export function applyLayers(directory: string, ...layers: readonly (readonly Told[])[]): void {
  for (const layer of layers) apply({ directory, semantics: 'unpack-layer' }, layer)
}

export function inLayer(path: string): LayerPath {
  return layerPathOfText(path)
}
