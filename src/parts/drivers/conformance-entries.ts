import { layerPath, layerPathOfText, type LayerPath } from '#model'
import { ChangesetApplier, type ApplyTarget } from '#parts/changeset'

export type Entry = Parameters<ChangesetApplier['entry']>[0]
export type EntryKind = Entry['kind']

/** One thing that a layer says, with the bytes of a file. */
export interface Said {
  readonly entry: Entry
  readonly body: Buffer
}

export interface Attributes {
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly seconds?: number
  readonly xattrs?: Readonly<Record<string, Uint8Array>>
}

/** 2001-09-09T01:46:40Z */
const someTime = 1_000_000_000

export function file(path: string, content: string | Buffer, attributes: Attributes = {}): Said {
  return said('file', path, attributes, { body: Buffer.from(content) })
}

export function directory(path: string, attributes: Attributes = {}): Said {
  return said('directory', path, { mode: 0o755, ...attributes })
}

export function symlink(path: string, target: string): Said {
  return said('symlink', path, { mode: 0o777 }, { linkPath: layerPathOfText(target) })
}

/** Of an archive: it tells owner and permissions of the file once more. */
export function hardLink(path: string, target: string, attributes: Attributes = {}): Said {
  return said('hard-link', path, attributes, { linkPath: layerPathOfText(target) })
}

export function charDevice(path: string, major: number, minor: number, attributes: Attributes = {}): Said {
  return said('char-device', path, attributes, { deviceMajor: major, deviceMinor: minor })
}

export function fifo(path: string, attributes: Attributes = {}): Said {
  return said('fifo', path, attributes)
}

/** Hides what lower layers have under this name. */
export function whiteout(path: string): Said {
  const slash = path.lastIndexOf('/') + 1
  return said('file', `${path.slice(0, slash)}.wh.${path.slice(slash)}`, {})
}

/** Hides all that lower layers have in this directory. */
export function opaque(path: string): Said {
  return said('file', `${path}/.wh..wh..opq`, {})
}

/** A name that is not UTF-8: one char per byte. */
export function raw(charPerByte: string): LayerPath {
  return layerPath(charPerByte)
}

/** The same thing under a raw name. */
export function named(name: LayerPath, thing: Said): Said {
  return { ...thing, entry: { ...thing.entry, path: name } }
}

/** Fills what has been staged, as unpacking a tar of these entries would. */
export function apply(target: ApplyTarget, things: readonly Said[]): void {
  using applier = new ChangesetApplier(target)
  for (const { entry, body } of things) {
    applier.entry(entry)
    if (body.length > 0) applier.body(body)
    applier.entryEnd()
  }
  applier.finish()
}

interface More {
  readonly body?: Buffer
  readonly linkPath?: LayerPath
  readonly deviceMajor?: number
  readonly deviceMinor?: number
}

function said(kind: EntryKind, path: string, attributes: Attributes, more: More = {}): Said {
  const body = more.body ?? Buffer.alloc(0)
  const entry: Entry = {
    kind,
    typeflag: 0,
    path: layerPathOfText(path),
    linkPath: more.linkPath ?? layerPath(''),
    size: body.length,
    mode: attributes.mode ?? 0o644,
    uid: attributes.uid ?? 0,
    gid: attributes.gid ?? 0,
    userName: '',
    groupName: '',
    mtime: { seconds: attributes.seconds ?? someTime, nanoseconds: 0 },
    deviceMajor: more.deviceMajor ?? 0,
    deviceMinor: more.deviceMinor ?? 0,
    xattrs: new Map(Object.entries(attributes.xattrs ?? {})),
  }
  return { entry, body }
}
