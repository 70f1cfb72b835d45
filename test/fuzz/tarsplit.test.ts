// Recording and playing are inverse, for every archive and however both are cut; and noise is refused.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { fanOut, type TarEntry, TarParser } from '#formats/tar'
import { TarSplitEntries, TarSplitPlayer, TarSplitRecorder } from '#formats/tarsplit'
import { Fault } from '#model'
import { end, extended, gnuLong, rawEntry } from '../hostile/raw-tar.ts'

const name = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 }).map((text) => text.replaceAll('\0', '0'))
const rawName = fc
  .array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 20 })
  .map((bytes) => String.fromCharCode(...bytes))
const file = fc.record({
  name: fc.oneof(
    name,
    rawName,
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 10 })
      .map((text) => Buffer.from(text).toString('latin1').slice(0, 90)),
  ),
  body: fc.string({ unit: 'binary-ascii', maxLength: 2000 }),
  flag: fc.constantFrom('0', '0', '0', '5', '2', '1', '\0'),
  long: fc.constantFrom('none', 'none', 'gnu', 'pax'),
})

const archive = fc
  .tuple(
    fc.array(file, { maxLength: 6 }),
    fc.constantFrom(Buffer.alloc(0), end.subarray(512), end),
    fc.uint8Array({ maxLength: 3000 }),
  )
  .map(([files, ending, trailer]) => {
    const parts = files.map(({ name, body, flag, long }, index) => {
      // The number makes it unique as long as nothing leads back up; a slash at the end would make it a directory.
      const path = `${index}${name.replaceAll('..', '.')}`.replace(/[/.]+$/, '')
      const entry = rawEntry({ name: path, flag, link: 'target' }, /[0\0]/.test(flag) ? body : '')
      if (long === 'gnu') return Buffer.concat([gnuLong(`${path}-long`), entry])
      return long === 'pax' ? Buffer.concat([extended({ path: `${path}-pax` }), entry]) : entry
    })
    return Buffer.concat([...parts, ending, ending.length === end.length ? trailer : Buffer.alloc(0)])
  })

function pushed(bytes: Uint8Array, cuts: readonly number[], push: (piece: Uint8Array) => void): void {
  const places = [...cuts.filter((cut) => cut < bytes.byteLength).toSorted((a, b) => a - b), bytes.byteLength]
  places.reduce((from, to) => (push(bytes.subarray(from, to)), to), 0)
}

/** The tar-split, the entries, and the bodies by path. */
function recorded(bytes: Uint8Array, cuts: readonly number[]) {
  const lines: Buffer[] = []
  const entries: TarEntry[] = []
  const bodies = new Map<string, Buffer[]>()
  const keeper = {
    entry(entry: TarEntry) {
      entries.push(entry)
      bodies.set(entry.path, [])
    },
    body: (piece: Uint8Array) => void bodies.get(entries.at(-1)?.path ?? '')?.push(Buffer.from(piece)),
    entryEnd() {},
  }
  const parser = new TarParser(fanOut(new TarSplitRecorder((piece) => void lines.push(piece)), keeper))
  pushed(bytes, cuts, (piece) => parser.push(piece))
  parser.end()
  return { lines: Buffer.concat(lines), entries, bodies }
}

function played(lines: Uint8Array, bodies: ReadonlyMap<string, readonly Buffer[]>, cuts: readonly number[]): Buffer {
  const pieces: Buffer[] = []
  const openBody = (path: string) => {
    let rest = Buffer.concat(bodies.get(path) ?? assert.fail(`${path} has no body`))
    return {
      read(into: Uint8Array) {
        const length = rest.copy(into)
        rest = rest.subarray(length)
        return length
      },
      close() {},
    }
  }
  const player = new TarSplitPlayer(openBody, (piece) => void pieces.push(Buffer.from(piece)))
  pushed(lines, cuts, (piece) => player.push(piece))
  player.end()
  return Buffer.concat(pieces)
}

const cuts = fc.array(fc.nat(20_000), { maxLength: 10 })

suite('recording and playing', () => {
  test('give back every byte, however archive and JSON are cut', () => {
    fc.assert(
      fc.property(archive, cuts, cuts, (bytes, tarCuts, jsonCuts) => {
        const record = recorded(bytes, tarCuts)
        assert.ok(record.lines.equals(recorded(bytes, []).lines), 'the same is recorded whatever the cut')
        assert.ok(played(record.lines, record.bodies, jsonCuts).equals(bytes), 'what is played is what was recorded')
        for (const line of record.lines.toString().trimEnd().split('\n')) if (line !== '') JSON.parse(line)
      }),
      { numRuns: 600 },
    )
  })

  test('keep every header', () => {
    fc.assert(
      fc.property(archive, cuts, (bytes, jsonCuts) => {
        const { lines, entries } = recorded(bytes, [])
        const read: TarEntry[] = []
        const reader = new TarSplitEntries((entry) => void read.push(entry))
        pushed(lines, jsonCuts, (piece) => reader.push(piece))
        reader.end()
        assert.deepEqual(read, entries)
      }),
      { numRuns: 300 },
    )
  })
})

suite('reading', () => {
  const answer = (lines: Uint8Array, jsonCuts: readonly number[]): string => {
    try {
      return played(lines, new Map(), jsonCuts).toString('latin1')
    } catch (error) {
      if (error instanceof Fault || error instanceof assert.AssertionError) return error.message
      throw error
    }
  }
  const value = fc.oneof(fc.constantFrom(1, 2, -1, 1e300, null, 'AAAA', 'A', '', 'AAAAAAAAAAA='), fc.jsonValue())
  const record = fc.dictionary(fc.constantFrom('type', 'name', 'name_raw', 'size', 'payload', 'position', 'x'), value)

  test('ends with a Fault or with the end, for records of any content, however they are cut', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 4 }), cuts, (records, jsonCuts) => {
        const lines = Buffer.from(records.map((one) => JSON.stringify(one)).join('\n'))
        assert.equal(answer(lines, jsonCuts), answer(lines, []))
      }),
      { numRuns: 1000 },
    )
  })

  test('and for JSON with bytes changed, and for noise', () => {
    const lines = recorded(
      Buffer.concat([rawEntry({ name: 'caf\xc3\xa9"\\' }), rawEntry({ name: 'dir', flag: '5' }), end]),
      [],
    ).lines
    const changed = fc
      .array(fc.tuple(fc.nat(lines.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const copy = Buffer.from(lines)
        for (const [at, byte] of changes) copy[at] = byte
        return copy
      })
    const noise = fc
      .string({ unit: fc.constantFrom(...'{}[]",:\\ \n0aAtypesize'.split('')) })
      .map((text) => Buffer.from(text))
    fc.assert(
      fc.property(fc.oneof(changed, noise), cuts, (bytes, jsonCuts) => {
        assert.equal(answer(bytes, jsonCuts), answer(bytes, []))
      }),
      { numRuns: 1500 },
    )
  })
})
