import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { answer, must, type Place } from '../place.ts'
import { treeListing } from '../tree-listing.ts'

type Json = Readonly<Record<string, unknown>>

/** layers.json without times of creation. */
export function layerRecords({ graph, driver }: Place): readonly Json[] {
  const records = JSON.parse(readFileSync(join(graph, `${driver}-layers/layers.json`), 'utf8')) as readonly Json[]
  return records.map((record) => without(record, 'created'))
}

/**
 * images.json without what older containers/image versions add even where there are no signatures: an empty item and metadata of
 * empty lists (spec/chunked §5).
 */
export function imageRecords({ graph, driver }: Place): readonly Json[] {
  const records = JSON.parse(readFileSync(join(graph, `${driver}-images/images.json`), 'utf8')) as readonly Json[]
  return records.map((record) => {
    const rest = without(record, 'metadata')
    const names = (rest['big-data-names'] as readonly string[]).filter((name) => !name.startsWith('signature-'))
    return Object.assign(rest, {
      'big-data-names': names,
      'big-data-sizes': pick(rest['big-data-sizes'], names),
      'big-data-digests': pick(rest['big-data-digests'], names),
    })
  })
}

function without(record: Json, key: string): Json {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key))
}

function pick(value: unknown, keys: readonly string[]): Json {
  const entries = Object.entries(value as Json).filter(([key]) => keys.includes(key))
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Files of big data of all images, by directory and name. */
export function imageFiles({ graph, driver }: Place): Readonly<Record<string, string>> {
  const home = join(graph, `${driver}-images`)
  const files: Record<string, string> = {}
  for (const id of directoriesIn(home)) {
    for (const name of readdirSync(join(home, id))) {
      const bytes = readFileSync(join(home, id, name))
      const isEmptySignature =
        bytes.length === 0 && Buffer.from(name.slice(1), 'base64').toString().startsWith('signature-')
      if (!isEmptySignature) files[`${id}/${name}`] = bytes.toString('latin1')
    }
  }
  return files
}

function directoriesIn(path: string): readonly string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
}

/** What each layer's tar-split says. The Debian tools end it with an empty segment, later ones do not (spec/drivers §11.2). */
export function tarSplits({ graph, driver }: Place): Readonly<Record<string, string>> {
  const home = join(graph, `${driver}-layers`)
  const names = readdirSync(home).filter((name) => name.endsWith('.tar-split.gz'))
  return Object.fromEntries(
    names.toSorted().map((name) => {
      const text = gunzipSync(readFileSync(join(home, name))).toString('latin1')
      return [name, text.replace(/\{"type":2,"payload":"","position":\d+\}\n$/, '')]
    }),
  )
}

/**
 * What a directory holds, to be compared with another one. Two things have no time that a tar could give them: the root and the
 * whiteouts of overlay.
 */
export function layerTree(directory: string): Readonly<Record<string, string>> {
  const entries = Object.entries(treeListing(directory)).map(([name, words]) => {
    const isTimeless = name === '.' || / device 0 /.test(`${words} `)
    return [name, isTimeless ? words.replace(/ at -?\d+/, '') : words]
  })
  return Object.fromEntries(entries)
}

/**
 * Every file of the store with its content. Left out: lock files, whose token says who wrote last; and empty directories for
 * temporary things.
 */
export function recordsOf({ graph, run }: Place): string {
  const files = String.raw`cd "$1" && find . -name '*.lock' -prune -o -not -path '*/tmp' -printf '%P %y %m %U:%G %l\n' | sort`
  const sums = `find . -type f -not -name '*.lock' -print0 | sort -z | xargs -0 -r sha256sum`
  return [graph, run].map((root) => must(answer('sh', ['-c', `${files}; ${sums}`, 'sh', root]))).join('\n')
}
