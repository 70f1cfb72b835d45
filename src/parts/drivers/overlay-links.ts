import { randomBytes } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isErrno } from '#ground/sys'
import { Fault } from '#model'
import { isLayerDirectoryName } from './overlay-names.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const linkIdLength = 26

/** A new short name for a layer in `l/`: so many of them have to fit into one page of mount options (spec/drivers §4.1). */
export function newLinkId(): string {
  const bits = [...randomBytes(17)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return Array.from({ length: linkIdLength }, (_, index) => {
    return alphabet.charAt(Number.parseInt(bits.slice(index * 5, index * 5 + 5), 2))
  }).join('')
}

/** What stands in a layer's `link` file: one name in `l/`. @throws Fault `records-invalid`; the system's ENOENT */
export function readLinkId(layerDirectory: string): string {
  const file = path.join(layerDirectory, 'link')
  const id = readFileSync(file, 'utf8').replace(/\n+$/, '')
  // The name becomes part of paths and of mount options.
  if (!isLinkId(id)) throw new Fault({ code: 'records-invalid', path: file, problem: 'this is no name of a link' })
  return id
}

/** The link to a layer in `l/`, if it is there and leads to this layer: a `link` file alone could name that of another. */
export function linkOfLayer(home: string, id: string): string | undefined {
  const link = textOf(path.join(home, id, 'link'))
  return link !== undefined && isLinkId(link) && leadsTo(home, link, id) ? path.join(home, 'l', link) : undefined
}

export function isLinkId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text)
}

/** `../<id>/diff` → the id; undefined for whatever else a link may say. */
export function layerOfLinkTarget(target: string): string | undefined {
  const [up, id, diff, ...more] = target.split('/')
  const wellFormed = up === '..' && diff === 'diff' && more.length === 0
  return wellFormed && id !== undefined && isLayerDirectoryName(id) ? id : undefined
}

/**
 * Makes `l/` and the `link` files agree again: every layer with a link id gets its link, every link gets a layer that
 * knows it (spec/drivers §4.11). A layer that lost both is beyond repair.
 * @throws AggregateError of what stayed broken
 */
export function recreateLinks(home: string): void {
  let problems: readonly Error[] = []
  for (let pass = 0; pass < 10; pass++) {
    const result = repairOnce(home)
    problems = result.problems
    if (problems.length === 0 || result.repaired === 0) break
  }
  if (problems.length > 0) throw new AggregateError(problems, problems.map((problem) => problem.message).join('\n'))
}

interface Pass {
  repaired: number
  readonly problems: Error[]
}

function repairOnce(home: string): Pass {
  const pass: Pass = { repaired: 0, problems: [] }
  for (const id of layerNames(home)) {
    attempt(pass, () => linkLayer(home, id))
  }
  for (const link of readdirSync(path.join(home, 'l'))) {
    attempt(pass, () => correctLink(home, link))
  }
  return pass
}

function attempt(pass: Pass, repair: () => boolean): void {
  try {
    if (repair()) pass.repaired++
  } catch (error) {
    pass.problems.push(error instanceof Error ? error : new Error(String(error)))
  }
}

function layerNames(home: string): readonly string[] {
  return readdirSync(home, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isLayerDirectoryName(entry.name))
    .map((entry) => entry.name)
}

function linkLayer(home: string, id: string): boolean {
  const link = readLinkId(path.join(home, id))
  try {
    symlinkSync(path.join('..', id, 'diff'), path.join(home, 'l', link))
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  }
}

function correctLink(home: string, link: string): boolean {
  const where = path.join(home, 'l', link)
  const id = layerOfLinkTarget(readlinkSync(where))
  if (id === undefined || lstatSync(path.join(home, id), { throwIfNoEntry: false }) === undefined) {
    unlinkSync(where)
    return true
  }
  const file = path.join(home, id, 'link')
  const known = textOf(file)
  if (known === link || (known !== undefined && isLinkId(known) && leadsTo(home, known, id))) return false
  writeFileSync(file, link, { mode: 0o644 })
  return true
}

/** A layer may have two links, both good: its `link` file names only one of them. */
function leadsTo(home: string, link: string, id: string): boolean {
  try {
    return layerOfLinkTarget(readlinkSync(path.join(home, 'l', link))) === id
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EINVAL')) return false
    throw error
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/\n+$/, '')
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
