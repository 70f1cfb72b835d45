import { createHash } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface ListingOptions {
  /** Leave times out: of directories that were mounted, or made at different moments. */
  readonly times?: 'compare' | 'ignore'
}

/**
 * Every file below a directory in one value to compare: type, rights, owner, size, device, time to the nanosecond, link count and which
 * names are links of each other, target, content, and all extended attributes. Names as one char per byte.
 */
export function treeListing(directory: string, options: ListingOptions = {}): Readonly<Record<string, string>> {
  const listing: Record<string, string> = {}
  const attributes = attributesBelow(directory)
  const firstNames = new Map<string, string>()
  const walk = (name: Buffer): void => {
    const path = Buffer.concat([Buffer.from(directory), Buffer.from('/'), name])
    const stat = lstatSync(path, { bigint: true })
    const shown = name.length === 0 ? '.' : name.toString('latin1')
    const words = [typeOf(stat), (stat.mode & 0o7777n).toString(8), `${stat.uid}:${stat.gid}`]
    if (stat.isFile())
      words.push(`${stat.size}`, createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16))
    if (stat.isSymbolicLink()) words.push(`-> ${readlinkSync(path, { encoding: 'buffer' }).toString('latin1')}`)
    if (stat.isCharacterDevice() || stat.isBlockDevice()) words.push(`device ${stat.rdev}`)
    if (options.times !== 'ignore') words.push(`at ${stat.mtimeNs}`)
    if (!stat.isDirectory() && stat.nlink > 1n) {
      const first = firstNames.get(`${stat.dev}:${stat.ino}`) ?? shown
      firstNames.set(`${stat.dev}:${stat.ino}`, first)
      words.push(`links ${stat.nlink} with ${first}`)
    }
    words.push(...(attributes.get(shown) ?? []))
    listing[shown] = words.join(' ')
    if (!stat.isDirectory()) return
    const names = readdirSync(path, { encoding: 'buffer' }).toSorted((a, b) => Buffer.compare(a, b))
    for (const child of names) walk(name.length === 0 ? child : Buffer.concat([name, Buffer.from('/'), child]))
  }
  walk(Buffer.alloc(0))
  return listing
}

function typeOf(stat: {
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
  isFIFO(): boolean
  isSocket(): boolean
  isBlockDevice(): boolean
}): string {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'directory'
  if (stat.isSymbolicLink()) return 'symlink'
  if (stat.isFIFO()) return 'fifo'
  if (stat.isSocket()) return 'socket'
  return stat.isBlockDevice() ? 'block' : 'char'
}

/** What the kernel adds to overlay uppers by itself says nothing of the layer. */
const ofTheKernel = /^trusted\.overlay\.(?:origin|impure|uuid|nlink)=/

function attributesBelow(directory: string): ReadonlyMap<string, readonly string[]> {
  const options = [
    '--recursive',
    '--physical',
    '--no-dereference',
    '--absolute-names',
    '--match=-',
    '--dump',
    '--encoding=hex',
    '.',
  ]
  const dump = execFileSync('getfattr', options, { cwd: directory, encoding: 'latin1', maxBuffer: 1 << 28 })
  const found = new Map<string, readonly string[]>()
  for (const paragraph of dump.split('\n\n')) {
    const [head = '', ...lines] = paragraph.split('\n')
    const name = head
      .replace(/^# file: /, '')
      .replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    const kept = lines.filter((line) => line !== '' && !ofTheKernel.test(line)).toSorted()
    if (name !== '' && kept.length > 0) found.set(name.replace(/^\.\//, ''), kept)
  }
  return found
}
