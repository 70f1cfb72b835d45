import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { run, type ScratchStore } from './scratch-store.ts'

type Json = Readonly<Record<string, unknown>>

/** layers.json without times of creation. */
export function layerRecords({ root, driver }: ScratchStore): readonly Json[] {
  const records = JSON.parse(readFileSync(join(root, `${driver}-layers/layers.json`), 'utf8')) as readonly Json[]
  return records.map((record) => without(record, 'created'))
}

/**
 * images.json without what older containers/image versions add even where there are no signatures: an empty item and metadata of
 * empty lists (spec/chunked §5).
 */
export function imageRecords({ root, driver }: ScratchStore): readonly Json[] {
  const records = JSON.parse(readFileSync(join(root, `${driver}-images/images.json`), 'utf8')) as readonly Json[]
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
export function imageFiles({ root, driver }: ScratchStore): Readonly<Record<string, string>> {
  const home = join(root, `${driver}-images`)
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
export function tarSplits({ root, driver }: ScratchStore): Readonly<Record<string, string>> {
  const home = join(root, `${driver}-layers`)
  const names = readdirSync(home).filter((name) => name.endsWith('.tar-split.gz'))
  return Object.fromEntries(
    names.toSorted().map((name) => {
      const text = gunzipSync(readFileSync(join(home, name))).toString('latin1')
      return [name, text.replace(/\{"type":2,"payload":"","position":\d+\}\n$/, '')]
    }),
  )
}

/**
 * Everything a directory holds: type, mode, owner, links, target, time; devices, attributes, content. One char per byte. Two
 * things have no time that a tar could give them: the root and the whiteouts of overlay.
 */
export function treeOf(directory: string): readonly string[] {
  const list = (command: string) => linesOf(directory, `LC_ALL=C find . ${command} | LC_ALL=C sort -z`)
  const devices = list(String.raw`\( -type b -o -type c \) -exec stat --printf '%n\t%t:%T\0' {} +`)
  const whiteouts = new Set(devices.flatMap((line) => (line.endsWith('\t0:0') ? [line.slice(0, -4)] : [])))
  const files = list(String.raw`-printf '%p\t%y\t%m\t%U:%G\t%n\t%l\t%T@\0'`).map((line) => {
    const [name = '', ...facts] = line.split('\t')
    const isTimeless = name === '.' || whiteouts.has(name)
    return [name, ...(isTimeless ? facts.slice(0, -1) : facts)].join('\t')
  })
  const attributes = linesOf(
    directory,
    String.raw`getfattr -R -h -P -d -e hex -m - . | tr '\n' '\1' | sed 's/\x01\x01/\x00/g'`,
  )
  return [...files, ...devices, ...attributes.toSorted(), ...list('-type f -print0 | xargs -0 -r sha256sum -z')]
}

function linesOf(directory: string, command: string): readonly string[] {
  const options = { cwd: directory, encoding: 'latin1', maxBuffer: 256 << 20 } as const
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], options)
  if (status !== 0) throw new Error(`${command}: ${stderr}`)
  return stdout.split('\0')
}

/**
 * Every file of the store with its content. Left out: lock files, whose token says who wrote last; and empty directories for
 * temporary things.
 */
export function recordsOf({ root, runRoot }: ScratchStore): string {
  const list = (directory: string) =>
    run(
      'sh',
      '-c',
      String.raw`cd "$1" && find . -name '*.lock' -prune -o -not -path '*/tmp' -printf '%P %y %m %U:%G %l\n' | sort; find . -type f -not -name '*.lock' -print0 | sort -z | xargs -0 -r sha256sum`,
      'sh',
      directory,
    )
  return `${list(root)}\n${list(runRoot)}`
}
