import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type TarLimits, TarParser } from '#formats/tar'
import { TarSplitRecorder } from '#formats/tarsplit'
import { type Failure, Fault } from '#model'
import { makePlace } from '../place.ts'

/** Fields of a header as they are to stand there: nothing is checked, only the checksum is made to fit. */
export interface RawFields {
  readonly name?: string
  readonly flag?: string
  /** Octal if a number; as given if a text. */
  readonly size?: number | string
  readonly link?: string
  readonly prefix?: string
  readonly magic?: string
  /** Other bytes, by their place in the block. */
  readonly at?: Readonly<Record<number, string>>
}

export const gnuMagic = 'ustar  \0'

/** Two zero blocks. */
export const end: Buffer = Buffer.alloc(1024)

export function rawHeader(fields: RawFields): Buffer {
  const block = Buffer.alloc(512)
  const put = (at: number, text: string) => block.write(text, at, 'latin1')
  const { size = 0 } = fields
  put(0, fields.name ?? 'name')
  put(100, '0000644\x000000000\x000000000\0')
  put(124, typeof size === 'number' ? `${size.toString(8).padStart(11, '0')}\0` : size)
  put(136, '00000000000\0')
  put(156, fields.flag ?? '0')
  put(157, fields.link ?? '')
  put(257, fields.magic ?? 'ustar\x0000')
  put(345, fields.prefix ?? '')
  for (const [at, text] of Object.entries(fields.at ?? {})) put(Number(at), text)
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `)
  return block
}

/** A header, its body, and zeros up to the next block. The size is the body's unless it is given. */
export function rawEntry(fields: RawFields, body = ''): Buffer {
  const data = Buffer.from(body, 'latin1')
  return Buffer.concat([rawHeader({ size: data.length, ...fields }), data, Buffer.alloc(-data.length & 511)])
}

/** An extended header with these records, or with this text where records should be. */
export function extended(records: Readonly<Record<string, string>> | string, flag: 'x' | 'g' = 'x'): Buffer {
  const data = typeof records === 'string' ? records : Object.entries(records).map(recordText).join('')
  return rawEntry({ name: 'PaxHeaders.0/name', flag }, data)
}

function recordText([key, value]: readonly [string, string]): string {
  const rest = ` ${key}=${value}\n`
  let length = rest.length
  while (String(length).length + rest.length !== length) length++
  return `${length}${rest}`
}

/** A name of more than 100 bytes, as GNU tar puts it before a header. */
export function gnuLong(name: string, flag: 'L' | 'K' = 'L', magic: string = gnuMagic): Buffer {
  return rawEntry({ name: '././@LongLink', flag, magic }, `${name}\0`)
}

export interface SeenEntry {
  readonly kind: string
  readonly path: string
  readonly link: string
  readonly size: number
  readonly body: string
}

/** What our parser sees. Throws what it throws. */
export function seen(
  archive: Uint8Array,
  limits: Partial<TarLimits> = {},
  step = archive.byteLength,
): readonly SeenEntry[] {
  const entries: { kind: string; path: string; link: string; size: number; body: string }[] = []
  const parser = new TarParser(
    {
      entry: ({ kind, path, linkPath, size }) => void entries.push({ kind, path, link: linkPath, size, body: '' }),
      body(bytes) {
        const last = entries.at(-1)
        if (last !== undefined) last.body += Buffer.from(bytes).toString('latin1')
      },
      entryEnd() {},
    },
    limits,
  )
  for (let at = 0; at < archive.byteLength; at += step) parser.push(archive.subarray(at, at + step))
  parser.end()
  return entries
}

/** The failure with which an action ends; that it ends with a Fault is demanded. */
export function failureOf(action: () => unknown): Failure {
  try {
    action()
  } catch (error) {
    if (error instanceof Fault) return error.failure
    throw error
  }
  return assert.fail('nothing was refused')
}

/** The problem of an archive that is refused as broken. */
export function problemOf(archive: Uint8Array): string {
  const failure = failureOf(() => seen(archive))
  return failure.code === 'tar-invalid' ? failure.problem : assert.fail(`refused with ${failure.code}`)
}

/** The option whose limit an archive runs into. */
export function limitOf(archive: Uint8Array, limits: Partial<TarLimits> = {}): string | undefined {
  const failure = failureOf(() => seen(archive, limits))
  return failure.code === 'limit-exceeded' ? failure.option : assert.fail(`refused with ${failure.code}`)
}

/**
 * Applies archives with the Go tool and with our recorder, and demands that both take the same ones, and record the same of
 * them: names, sizes, checksums of bodies, and which bytes are structure.
 */
export function demandSameView(archives: Readonly<Record<string, Uint8Array>>): void {
  using place = makePlace('vfs')
  for (const [what, archive] of Object.entries(archives)) {
    const layer = place.go('create-layer').stdout.split('\n')[0] ?? ''
    const file = join(place.directory, 'in.tar')
    writeFileSync(file, archive)
    const answer = place.go('applydiff', '-f', file, layer)
    assert.equal(ourRecord(archive) === undefined, answer.status !== 0, `${what}: ${answer.stderr}`)
    if (answer.status !== 0) continue
    const theirs = gunzipSync(readFileSync(join(place.graph, `vfs-layers/${layer}.tar-split.gz`))).toString('latin1')
    assert.equal(ourRecord(archive), theirs.replace(/\{"type":2,"payload":"","position":\d+\}\n$/, ''), what)
  }
}

function ourRecord(archive: Uint8Array): string | undefined {
  const lines: Buffer[] = []
  const parser = new TarParser(new TarSplitRecorder((bytes) => void lines.push(bytes)))
  try {
    parser.push(archive)
    parser.end()
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
  return Buffer.concat(lines).toString('latin1')
}
