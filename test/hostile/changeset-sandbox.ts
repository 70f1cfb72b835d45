import assert from 'node:assert/strict'
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TarEntry } from '#formats/tar'
import { llistxattr } from '#ground/sys'
import { type Failure, Fault, layerPathOfText } from '#model'
import { ChangesetApplier } from '#parts/changeset'
import { treeListing } from '../tree-listing.ts'

export type Facts = Partial<Omit<TarEntry, 'linkPath' | 'path' | 'xattrs'>> & {
  readonly link?: string
  readonly body?: string
  readonly xattrs?: Readonly<Record<string, string>>
}

const bodies = new WeakMap<TarEntry, string>()

/** One entry of a hostile archive; a plain file unless said otherwise. */
export function say(path: string, { link = '', body = '', xattrs = {}, ...facts }: Facts = {}): TarEntry {
  const attributes = Object.entries(xattrs).map(([name, value]) => [name, Buffer.from(value, 'latin1')] as const)
  const entry: TarEntry = {
    kind: 'file',
    typeflag: 0x30,
    path: layerPathOfText(path),
    linkPath: layerPathOfText(link),
    size: body.length,
    mode: 0o644,
    uid: 0,
    gid: 0,
    userName: '',
    groupName: '',
    mtime: { seconds: 1_000_000_000, nanoseconds: 0 },
    deviceMajor: 0,
    deviceMinor: 0,
    xattrs: new Map(attributes),
    ...facts,
  }
  bodies.set(entry, body)
  return entry
}

export const semantics = ['unpack-layer', 'overlay'] as const
export type Semantics = (typeof semantics)[number]

/** A layer's directory, and beside it what no layer may reach. */
export class Sandbox implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'shale-hostile-'))
  readonly root = join(this.directory, 'root')
  readonly outside = join(this.directory, 'outside')
  readonly #before: Readonly<Record<string, string>>

  constructor() {
    mkdirSync(this.root)
    mkdirSync(join(this.outside, 'below'), { recursive: true })
    for (const name of ['secret', 'below/secret']) {
      writeFileSync(join(this.outside, name), 'secret')
      chmodSync(join(this.outside, name), 0o600)
    }
    symlinkSync('secret', join(this.outside, 'link'))
    this.#before = listingOf(this.outside)
  }

  /** Applies a layer; how it failed, if it did. Whatever it did, nothing outside has changed. */
  apply(kind: Semantics, entries: readonly TarEntry[]): Failure | undefined {
    const failure = failureOf(() => applyTo(this.root, kind, entries))
    this.assertUntouched()
    return failure
  }

  assertUntouched(): void {
    assert.deepEqual(listingOf(this.outside), this.#before)
  }

  /** The files of the layer's directory, without times. */
  contents(): Readonly<Record<string, string>> {
    return treeListing(this.root, { times: 'ignore' })
  }

  names(): readonly string[] {
    return namesBelow(this.root).toSorted()
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Without a tar: no parser has to let through what is to be tried here. */
export function applyTo(directory: string, kind: Semantics, entries: readonly TarEntry[]): void {
  using applier = new ChangesetApplier({ directory, semantics: kind })
  for (const entry of entries) {
    applier.entry(entry)
    const body = bodies.get(entry)
    if (body !== undefined) applier.body(Buffer.from(body))
    applier.entryEnd()
  }
  applier.finish()
}

export function failureOf(act: () => void): Failure | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    if (error instanceof Fault) return error.failure
    throw error
  }
}

/** All that can be changed of the files there; looking at them changes nothing of it. */
function listingOf(directory: string): Readonly<Record<string, string>> {
  const lines = ['', ...namesBelow(directory)].map((name) => {
    const path = join(directory, name)
    const { mode, uid, gid, nlink, ino, mtimeNs, ctimeNs, rdev } = lstatSync(path, { bigint: true })
    const facts = [mode.toString(8), uid, gid, nlink, ino, mtimeNs, ctimeNs, rdev, ...llistxattr(path)]
    if ((mode & 0o170000n) === 0o100000n) facts.push(readFileSync(path, 'latin1'))
    if ((mode & 0o170000n) === 0o120000n) facts.push(readlinkSync(path))
    return [name, facts.join(' ')] as const
  })
  return Object.fromEntries(lines)
}

function namesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const below = entry.isDirectory() ? namesBelow(join(directory, entry.name)) : []
    return [entry.name].concat(below.map((name) => `${entry.name}/${name}`))
  })
}
