import { spawnSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'

/** A layer to measure with: one tar, and the same compressed as registries ship it. */
export interface BenchLayer {
  readonly plain: string
  readonly gzip: string
  readonly zstd: string
  readonly bytes: number
  readonly entries: number
}

export type LayerCodec = 'plain' | 'gzip' | 'zstd'

const poolBytes = 384 * 2 ** 20
/** Part of the names of the cached files: a change of the recipe makes new ones. */
const recipe = 1

/**
 * A layer of about `megabytes` with the shape of a distribution plus a big node_modules: 33 entries for a megabyte, sizes from
 * nothing to tens of megabytes, contents cut out of real files of this machine, so that they compress like real ones.
 * The same arguments and the same machine give the same bytes. Made once, kept in `cache`.
 */
export function makeBenchLayer(cache: string, megabytes: number): BenchLayer {
  mkdirSync(cache, { recursive: true })
  const plain = join(cache, `layer-${recipe}-${megabytes}.tar`)
  if (!existsSync(plain)) madeAt(plain, (path) => writeLayer(path, megabytes * 1e6))
  const gzip = `${plain}.gz`
  if (!existsSync(gzip)) madeAt(gzip, (path) => compress('gzip', ['-6', '-n', '-c', plain], path))
  const zstd = `${plain}.zst`
  if (!existsSync(zstd)) madeAt(zstd, (path) => compress('zstd', ['-3', '-q', '-c', plain], path))
  return { plain, gzip, zstd, bytes: statSync(plain).size, entries: countEntries(plain) }
}

function madeAt(path: string, make: (path: string) => void): void {
  const unfinished = `${path}.unfinished`
  make(unfinished)
  renameSync(unfinished, path)
}

function compress(command: string, args: readonly string[], path: string): void {
  const output = openSync(path, 'w')
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', output, 'inherit'] })
  closeSync(output)
  if (status !== 0) throw new Error(`${command} failed`, { cause: error })
}

/** A small generator of numbers that look random: the same layer every time. */
class Dice {
  #state = 0x9e3779b9

  /** In [0, 1). */
  next(): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) / 2 ** 32
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound)
  }
}

function writeLayer(path: string, bytes: number): void {
  const pool = readPool()
  const dice = new Dice()
  const tar = new TarFile(path)
  let serial = 0
  while (tar.size < bytes) {
    serial += 1
    if (dice.next() < 0.6) writePackage(tar, dice, pool, `app/node_modules/package-${serial}`)
    else writeLibrary(tar, dice, pool, `usr/lib/library-${serial}`)
  }
  tar.end()
}

/** Like a package from npm: small texts in a few directories. */
function writePackage(tar: TarFile, dice: Dice, pool: Buffer, name: string): void {
  tar.directory(name)
  for (const folder of ['dist', 'src', 'types'].slice(0, 1 + dice.below(3))) {
    tar.directory(`${name}/${folder}`)
    const files = 2 + dice.below(16)
    for (let i = 0; i < files; i += 1) tar.file(`${name}/${folder}/module-${i}.js`, slice(dice, pool, 200, 40_000))
  }
  tar.file(`${name}/package.json`, slice(dice, pool, 300, 3000))
}

/** Like a Debian package: libraries with their links, documents, headers, now and then something big. */
function writeLibrary(tar: TarFile, dice: Dice, pool: Buffer, name: string): void {
  tar.directory(name)
  for (let i = 0; i < 6; i += 1) tar.file(`${name}/include-${i}.h`, slice(dice, pool, 100, 24_000))
  for (let i = 0; i < 5; i += 1) tar.file(`${name}/lib${i}.so.1.0`, slice(dice, pool, 8000, 600_000), 0o755)
  tar.symlink(`${name}/lib0.so`, 'lib0.so.1.0')
  tar.symlink(`${name}/lib1.so`, 'lib1.so.1.0')
  tar.hardLink(`${name}/lib2.so`, `${name}/lib2.so.1.0`)
  tar.file(`${name}/empty`, pool.subarray(0, 0))
  if (dice.next() < 0.08) tar.file(`${name}/program`, slice(dice, pool, 1_000_000, 12_000_000), 0o755)
}

/** Sizes are spread evenly over the magnitudes between the bounds, as those of real files are. */
function slice(dice: Dice, pool: Buffer, least: number, most: number): Buffer {
  const size = Math.floor(least * (most / least) ** dice.next())
  const start = dice.below(pool.byteLength - size)
  return pool.subarray(start, start + size)
}

/** Texts and programs, so mixed that gzip leaves about two fifths. */
const poolParts = [
  ['/usr/share', 0.15],
  ['/usr/include', 0.05],
  ['/usr/bin', 0.4],
  ['/usr/lib', 0.8],
] as const

/** Contents of real files: what lies below /usr, in the order of its names, the biggest ones left out. */
function readPool(): Buffer {
  const pool = Buffer.alloc(poolBytes)
  let filled = 0
  for (const [root, part] of poolParts) {
    const end = Math.min(poolBytes, filled + Math.floor(poolBytes * part))
    for (const path of filesBelow(root)) {
      if (filled >= end) break
      filled += readInto(pool.subarray(filled, end), path)
    }
  }
  if (filled < poolBytes / 4) throw new Error(`too little below /usr to make a layer of: ${filled} bytes`)
  return pool.subarray(0, filled)
}

function* filesBelow(root: string): Generator<string> {
  const entries = readdirSync(root, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = join(root, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile() && statSync(path).size < 4_000_000) yield path
  }
}

function readInto(room: Buffer, path: string): number {
  if (room.byteLength === 0) return 0
  const fd = openSync(path, 'r')
  try {
    return readSync(fd, room, 0, room.byteLength, 0)
  } finally {
    closeSync(fd)
  }
}

/** Just enough of ustar. */
class TarFile {
  readonly #fd: number
  size = 0

  constructor(path: string) {
    this.#fd = openSync(path, 'w')
  }

  directory(name: string): void {
    this.#header(`${name}/`, '5', 0o755, 0)
  }

  file(name: string, content: Buffer, mode = 0o644): void {
    this.#header(name, '0', mode, content.byteLength)
    this.#write(content)
    this.#write(Buffer.alloc(-content.byteLength & 511))
  }

  symlink(name: string, target: string): void {
    this.#header(name, '2', 0o777, 0, target)
  }

  hardLink(name: string, target: string): void {
    this.#header(name, '1', 0o644, 0, target)
  }

  end(): void {
    this.#write(Buffer.alloc(1024))
    closeSync(this.#fd)
  }

  #header(name: string, type: string, mode: number, size: number, target = ''): void {
    const block = Buffer.alloc(512)
    const octal = (value: number, at: number, digits: number): void => {
      block.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
    }
    block.write(name, 0, 100, 'latin1')
    octal(mode, 100, 7)
    octal(0, 108, 7)
    octal(0, 116, 7)
    octal(size, 124, 11)
    octal(1_700_000_000 + (this.size % 10_000_000), 136, 11)
    block.write(type, 156, 'latin1')
    block.write(target, 157, 100, 'latin1')
    block.write('ustar\u000000root', 257, 'latin1')
    block.write('root', 297, 'latin1')
    block.fill(0x20, 148, 156)
    octal(
      block.reduce((sum, byte) => sum + byte, 0),
      148,
      6,
    )
    block[154] = 0
    this.#write(block)
  }

  #write(bytes: Buffer): void {
    if (bytes.byteLength > 0) writeSync(this.#fd, bytes)
    this.size += bytes.byteLength
  }
}

function countEntries(path: string): number {
  const { stdout, status } = spawnSync('tar', ['-tf', path], { maxBuffer: 2 ** 28 })
  if (status !== 0) throw new Error(`tar cannot list ${path}`)
  return stdout.reduce((lines, byte) => lines + (byte === 0x0a ? 1 : 0), 0)
}
