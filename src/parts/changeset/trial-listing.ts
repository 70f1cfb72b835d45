// For tests: whole trees as values.
import { createHash } from 'node:crypto'
import { type BigIntStats, lstatSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attributesOf } from './attributes-of.ts'

export interface ListingOptions {
  /** Times of access of directories change when somebody looks into them. */
  readonly accessTimes?: 'none' | 'files' | 'all'
}

/** Every file below a directory: all that it has, in one line. Times of today are `now`; names are one char per byte. */
export function listingOf(directory: string, options: ListingOptions = {}): Readonly<Record<string, string>> {
  const lines = new Map<string, string>()
  const linked = new Map<bigint, string>()
  const visit = (name: string): void => {
    const path = Buffer.from(join(directory, name), 'latin1')
    const status = lstatSync(path, { bigint: true })
    const facts = [
      typeOf(status),
      (status.mode & 0o7777n).toString(8),
      `${status.uid}:${status.gid}`,
      time(status.mtimeNs),
    ]
    const accessTimes = options.accessTimes ?? 'none'
    if (accessTimes === 'all' || (accessTimes === 'files' && !status.isDirectory())) facts.push(time(status.atimeNs))
    if (!status.isDirectory() && status.nlink > 1n) {
      const first = linked.get(status.ino) ?? name
      linked.set(status.ino, first)
      facts.push(`=${first}x${status.nlink}`)
    }
    if (status.isFile()) facts.push(contentOf(path))
    if (status.isSymbolicLink()) facts.push(`-> ${readlinkSync(path, { encoding: 'latin1' })}`)
    if (status.isCharacterDevice() || status.isBlockDevice()) facts.push(`device ${status.rdev}`)
    facts.push(...attributes(path))
    lines.set(name, facts.join(' '))
    if (!status.isDirectory()) return
    const names = readdirSync(path, { encoding: 'latin1' }).toSorted()
    for (const below of names) visit(name === '.' ? below : `${name}/${below}`)
  }
  visit('.')
  return Object.fromEntries(lines)
}

/** Only names, and of files what is in them. */
export function contentsOf(directory: string): Readonly<Record<string, string>> {
  const contents: [string, string][] = []
  for (const [name, line] of Object.entries(listingOf(directory))) {
    const type = line.slice(0, line.indexOf(' '))
    const path = join(directory, name)
    if (type === 'file') contents.push([name, readFileSync(path, 'utf8')])
    else if (type === 'symlink') contents.push([name, `-> ${readlinkSync(path)}`])
    else if (name !== '.') contents.push([name, type])
  }
  return Object.fromEntries(contents)
}

export interface TrialDirectory extends Disposable {
  readonly path: string
}

export function trialDirectory(): TrialDirectory {
  const path = mkdtempSync(join(tmpdir(), 'shale-changeset-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

function typeOf(status: BigIntStats): string {
  if (status.isDirectory()) return 'directory'
  if (status.isFile()) return 'file'
  if (status.isSymbolicLink()) return 'symlink'
  if (status.isFIFO()) return 'fifo'
  if (status.isSocket()) return 'socket'
  return status.isBlockDevice() ? 'block-device' : 'char-device'
}

const anHour = 3_600_000_000_000n

function time(nanoseconds: bigint): string {
  const age = BigInt(Date.now()) * 1_000_000n - nanoseconds
  return age > -anHour && age < anHour ? 'now' : String(nanoseconds)
}

function contentOf(path: Buffer): string {
  const content = readFileSync(path)
  return `${content.length}:${createHash('sha256').update(content).digest('hex').slice(0, 12)}`
}

function attributes(path: Buffer): string[] {
  const found = attributesOf(path, (name) => name !== 'security.selinux')
  return [...found].map(([name, value]) => `${name}=${value.toString('latin1')}`).toSorted()
}
