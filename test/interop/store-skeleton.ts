import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Place } from '../place.ts'

/**
 * Every file of a store but the contents of layers: type, rights, owner and bytes by name. What is random is called by what it stands
 * for: short links `<link of ID>`, layers of containers `<layer of ID>`, times `<time>`.
 */
export function storeSkeleton(place: Place): Readonly<Record<string, string>> {
  const called = [...namesOfLinks(place), ...namesOfContainerLayers(place)]
  const plain = (text: string): string =>
    called
      .reduce((renamed, [random, name]) => renamed.replaceAll(random, name), text)
      .replaceAll(place.directory, '<place>')
      .replaceAll(/"created":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z"/g, '"created":"<time>"')
  const skeleton: Record<string, string> = {}
  for (const root of [place.graph, place.run]) {
    for (const file of filesOf(root, place)) {
      const name = `${path.basename(root)}${file.slice(root.length)}`
      skeleton[plain(name)] = plain(describe(file))
    }
  }
  return Object.fromEntries(Object.entries(skeleton).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Below these lies what a layer says or the kernel left, not what the store says. */
function isContent(file: string, place: Place): boolean {
  const parent = path.dirname(file)
  if (parent === path.join(place.graph, 'vfs/dir')) return true
  return ['diff', 'work', 'merged'].includes(path.basename(file)) && parent.includes('/overlay/')
}

function* filesOf(file: string, place: Place): Generator<string> {
  if (!existsSync(file) && !lstatSync(file).isSymbolicLink()) return
  yield file
  if (!lstatSync(file).isDirectory() || isContent(file, place)) return
  for (const child of readdirSync(file).toSorted()) yield* filesOf(path.join(file, child), place)
}

function describe(file: string): string {
  const stat = lstatSync(file)
  const rights = `${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid}`
  if (stat.isDirectory()) return `directory ${rights}`
  if (stat.isSymbolicLink()) return `symlink ${rights} -> ${readlinkSync(file)}`
  // Tokens of the last writer: present or not, and of one size.
  if (file.endsWith('.lock')) return `lock ${rights}`
  const bytes = readFileSync(file)
  if (file.endsWith('.tar-split.gz')) return `tar-split ${rights} ${tarSplitOf(bytes)}`
  return `file ${rights} ${bytes.toString('latin1')}`
}

/** The header as written; of what follows, the text: no two programs compress alike. */
function tarSplitOf(bytes: Buffer): string {
  const lines = gunzipSync(bytes).toString('latin1').trimEnd().split('\n')
  const entries = lines.findLastIndex((line) => !line.startsWith('{"type":2,')) + 1
  // What follows the last entry is cut as it was read, and 1.43 ends with an empty piece (spec/drivers §11.2).
  const tail = lines
    .slice(entries)
    .map((line) => Buffer.from((JSON.parse(line) as { payload: string }).payload, 'base64'))
  const text = [...lines.slice(0, entries), Buffer.concat(tail).toString('base64')].join('\n')
  return `${bytes.subarray(0, 10).toString('hex')} ${text}`
}

interface ContainerRecord {
  readonly id: string
  readonly layer: string
}

function namesOfContainerLayers(place: Place): readonly (readonly [string, string])[] {
  const file = path.join(place.graph, `${place.driver}-containers/containers.json`)
  const records = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as readonly ContainerRecord[]) : []
  return records.map(({ id, layer }) => [layer, `<layer of ${id}>`])
}

function namesOfLinks(place: Place): readonly (readonly [string, string])[] {
  const links = path.join(place.graph, 'overlay/l')
  if (!existsSync(links)) return []
  return readdirSync(links).map((link) => {
    const [, id = ''] = readlinkSync(path.join(links, link)).split('/')
    return [link, `<link of ${id}>`]
  })
}

/** Where the files of a layer lie. */
export function contentOf(place: Place, id: string): string {
  return path.join(place.graph, place.driver === 'vfs' ? `vfs/dir/${id}` : `overlay/${id}/diff`)
}
