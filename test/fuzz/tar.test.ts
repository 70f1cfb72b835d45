// Noise, and archives with a few bytes changed: a Fault is fine; a crash, a hang, other errors, or a story that depends on how the
// input is cut are bugs.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { formatTarHeader, padding, TarParser } from '#formats/tar'
import { Fault, layerPath } from '#model'
import { end, extended, gnuLong, gnuMagic, rawEntry, rawHeader } from '../hostile/raw-tar.ts'

/** Everything that is told, bodies and structure joined so that only what cutting must not change remains, and how it ends. */
function story(archive: Uint8Array, cuts: readonly number[]): readonly string[] {
  const events: string[] = []
  const bytes = (kind: string, chunk: Uint8Array) => {
    const text = Buffer.from(chunk).toString('latin1')
    const last = events.at(-1)
    if (last?.startsWith(kind) === true) events[events.length - 1] = last + text
    else events.push(kind + text)
  }
  const parser = new TarParser(
    {
      structure: (chunk) => bytes('structure ', chunk),
      entry: (entry) => void events.push(`entry ${JSON.stringify(entry, mapsAsLists)}`),
      body: (chunk) => bytes('body ', chunk),
      entryEnd: () => void events.push('entryEnd'),
      archiveEnd: () => void events.push('archiveEnd'),
      end: () => void events.push('end'),
    },
    { sparseHoleBytes: 1 << 20 },
  )
  const places = [...cuts.filter((cut) => cut < archive.byteLength).toSorted((a, b) => a - b), archive.byteLength]
  try {
    places.reduce((from, to) => (parser.push(archive.subarray(from, to)), to), 0)
    parser.end()
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    // What was told of a header that turns out broken depends on the cut: it does not count.
    if (events.at(-1)?.startsWith('structure ') === true) events.pop()
    events.push(error.message)
  }
  return events
}

function mapsAsLists(_: string, value: unknown): unknown {
  return value instanceof Map ? [...(value as Map<string, unknown>)] : value
}

const shortText = fc.string({ unit: 'binary-ascii', maxLength: 12 })
const number = fc.oneof(fc.nat(700), fc.constantFrom(0, 511, 512, 513), fc.integer({ min: -5, max: 2 ** 31 - 1 }))
const recordKeys = (
  'path linkpath size uid mtime atime comment SCHILY.xattr.user.a GNU.sparse.major GNU.sparse.minor GNU.sparse.name ' +
  'GNU.sparse.realsize GNU.sparse.size GNU.sparse.numblocks GNU.sparse.map GNU.sparse.offset GNU.sparse.numbytes'
).split(' ')
const recordKey = fc.constantFrom(...recordKeys)
const recordValue = fc.oneof(shortText, number.map(String), fc.constantFrom('0,5', '0,1,3,1', '1.5', '-1.25', '0', '1'))
const body = fc.string({ unit: 'binary-ascii', maxLength: 1200 })

const piece = fc.oneof(
  fc
    .record({
      name: shortText,
      flag: fc.constantFrom('0', '\0', '1', '2', '3', '5', '6', '7', 'S', 'V'),
      size: fc.option(
        number.filter((size) => size >= 0),
        { nil: undefined },
      ),
      magic: fc.constantFrom('ustar\x0000', gnuMagic, '\0'.repeat(8)),
      prefix: shortText,
      body,
    })
    .map(({ body, size, ...fields }) => rawEntry(size === undefined ? fields : { ...fields, size }, body)),
  fc
    .tuple(fc.dictionary(recordKey, recordValue), fc.constantFrom('x' as const, 'g' as const))
    .map(([records, flag]) => extended(records, flag)),
  shortText.map((records) => extended(records)),
  fc.tuple(shortText, fc.constantFrom('L' as const, 'K' as const)).map(([name, flag]) => gnuLong(name, flag)),
  fc
    .constantFrom('1\n0\n5\n', '2\n0\n1\n3\n1\n', '0\n', '1\n100\n')
    .map((map) =>
      Buffer.concat([
        extended({ 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '2000' }),
        rawEntry({ name: 'sparse' }, `${map.padEnd(512, '\0')}data!`),
      ]),
    ),
  fc.constantFrom(Buffer.alloc(512), end, Buffer.from('noise')),
)

/** A byte changed somewhere; half of the time in a header whose checksum is then made to fit. */
const change = fc.record({ at: fc.nat(), byte: fc.nat(255), seal: fc.boolean() })

const archive = fc
  .tuple(fc.array(piece, { maxLength: 5 }), fc.array(change, { maxLength: 3 }), fc.nat(600))
  .map(([pieces, changes, cut]) => {
    const bytes = Buffer.concat(pieces)
    for (const { at, byte, seal } of bytes.length < 512 ? [] : changes) {
      const place = at % bytes.length
      bytes[place] = byte
      const header = place - (place % 512)
      if (seal && header + 512 <= bytes.length) resealed(bytes.subarray(header, header + 512)).copy(bytes, header)
    }
    return cut < 100 ? bytes.subarray(0, Math.max(0, bytes.length - cut)) : bytes
  })

function resealed(block: Buffer): Buffer {
  return rawHeader({ at: { 0: block.toString('latin1') } })
}

suite('a tar parser', () => {
  test('ends with a Fault or with the end, and tells the same however the input is cut', () => {
    fc.assert(
      fc.property(archive, fc.array(fc.nat(6000), { maxLength: 8 }), (bytes, cuts) => {
        assert.deepEqual(story(bytes, cuts), story(bytes, []))
      }),
      { numRuns: 1500 },
    )
  })

  test('tells the same when small archives are cut at every byte', () => {
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 2 }), (pieces) => {
        const bytes = Buffer.concat(pieces)
        const whole = story(bytes, [])
        assert.deepEqual(
          story(
            bytes,
            Array.from({ length: bytes.length }, (_, at) => at),
          ),
          whole,
        )
      }),
      { numRuns: 150 },
    )
  })

  test('is not moved by noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), (noise, sealed) => {
        const bytes =
          sealed && noise.length >= 512 ? Buffer.concat([resealed(Buffer.from(noise.subarray(0, 512))), noise]) : noise
        story(bytes, [])
      }),
      { numRuns: 1000 },
    )
  })
})

suite('what the writer writes', () => {
  const plainObjects = { noNullPrototype: true } as const
  const time = fc.record({ seconds: fc.integer(), nanoseconds: fc.nat(999_999_999) }, plainObjects)
  const id = fc.oneof(fc.nat(70_000), fc.nat())
  const name = fc
    .array(fc.nat(254), { minLength: 1, maxLength: 300 })
    .map((bytes) => String.fromCharCode(...bytes.map((byte) => byte + 1)))
  const header = fc.record(
    {
      kind: fc.constantFrom('file', 'directory', 'symlink', 'hard-link', 'char-device', 'block-device', 'fifo'),
      path: name.map((path) => layerPath(path.replace(/\/+$/, '') || 'a')),
      linkPath: name.map(layerPath),
      size: fc.oneof(fc.nat(3000), fc.nat(2 ** 40)),
      mode: fc.nat(0o7777),
      uid: id,
      gid: id,
      userName: fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
      groupName: fc.string({ unit: 'grapheme-ascii', maxLength: 40 }),
      mtime: time,
      atime: time,
      ctime: time,
      deviceMajor: fc.nat(4095),
      deviceMinor: fc.nat(1_048_575),
      xattrs: fc
        .dictionary(fc.constantFrom('user.a', 'user.b', 'security.capability'), fc.uint8Array())
        .map((all) => new Map(Object.entries(all).map(([key, value]) => [key, Buffer.from(value)]))),
    } as const,
    plainObjects,
  )

  test('is what the parser reads, to the nanosecond in PAX', () => {
    fc.assert(
      fc.property(header, (given) => {
        const blocks = formatTarHeader(given, 'pax')
        assert.equal(blocks.length % 512, 0)
        const heard: object[] = []
        const parser = new TarParser({ entry: (entry) => void heard.push(entry), body() {}, entryEnd() {} })
        parser.push(blocks)
        const { paxRecords: _, typeflag: __, xattrs, ...entry } = (heard[0] ?? {}) as Record<string, unknown>
        const isLink = given.kind === 'symlink' || given.kind === 'hard-link'
        const { xattrs: givenXattrs, ...expected } = { ...given, linkPath: isLink ? given.linkPath : '' }
        assert.deepEqual(entry, expected)
        assert.deepEqual(xattrs, new Map([...givenXattrs].toSorted(([a], [b]) => (a < b ? -1 : 1))))
      }),
      { numRuns: 500 },
    )
  })

  test('padding fills a block', () => {
    fc.assert(fc.property(fc.nat(), (size) => (size + padding(size)) % 512 === 0 && padding(size) < 512))
  })
})
