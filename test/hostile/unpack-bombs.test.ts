import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { isFault } from '#model'
import { defaultLimits, unpack, type UnpackLimits, type UnpackOptions } from '#parts/unpack'
import { end, extended, rawEntry, rawHeader } from './raw-tar.ts'

const scratch = mkdtempSync(join(tmpdir(), 'shale-bombs-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

let serial = 0
async function unpackStream(bytes: AsyncIterable<Uint8Array>, options: UnpackOptions = {}): Promise<string> {
  const directory = join(scratch, `${(serial += 1)}`)
  mkdirSync(directory)
  try {
    await unpack({ kind: 'stream', bytes }, { directory, semantics: 'overlay' }, options)
    return 'unpacked'
  } catch (error) {
    if (isFault(error, 'limit-exceeded')) return error.failure.option ?? 'no option'
    throw error
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function* once(...parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts
}

const mebibyte = new Uint8Array(2 ** 20)
const gibibytes = 2 ** 33

/** A file of eight gibibytes that says so in its header, in a stream without end: each member or frame is another mebibyte of it. */
async function* bomb(compress: (bytes: Uint8Array) => Uint8Array, fill = mebibyte): AsyncGenerator<Uint8Array> {
  yield compress(rawHeader({ name: 'zeros', size: gibibytes - 1 }))
  const member = compress(fill)
  const members = Buffer.concat(Array.from({ length: 64 }, () => member))
  for (;;) yield members
}

test('a small blob that becomes a big one is refused by its density, and costs next to nothing', async () => {
  for (const compress of [gzipSync, zstdCompressSync]) {
    // Warm: the threads and their buffers are there.
    await unpackStream(once(end))
    const before = process.resourceUsage().maxRSS
    assert.equal(await unpackStream(bomb(compress)), 'compressionRatio')
    const growth = (process.resourceUsage().maxRSS - before) / 1024
    assert.ok(growth < 64, `${growth} MiB more memory`)
  }
})

test('a bomb that is dense enough to pass is refused by its size', async () => {
  const limits = { compressionRatio: 1e9, uncompressedBytes: 100e6 }
  for (const compress of [gzipSync, zstdCompressSync]) {
    assert.equal(await unpackStream(bomb(compress), { limits }), 'uncompressedBytes')
  }
  assert.equal(
    await unpackStream(
      bomb((bytes) => bytes),
      { limits },
    ),
    'uncompressedBytes',
  )
})

test('zeros without end behind the archive are refused by their size, recorded or not', async () => {
  const limits = { uncompressedBytes: 50e6 }
  async function* padding(): AsyncGenerator<Uint8Array> {
    for (;;) yield mebibyte
  }
  assert.equal(await unpackStream(padding(), { limits }), 'uncompressedBytes')
  assert.equal(
    await unpackStream(padding(), { limits, tarSplitPath: join(scratch, 'padding.gz') }),
    'uncompressedBytes',
  )
})

test('a limit is met exactly, and is named when it is passed', async () => {
  const deep = rawEntry({ name: 'a/b/c/d', flag: '5' })
  const attributes = Buffer.concat([extended({ 'SCHILY.xattr.user.a': 'b'.repeat(20) }), rawEntry({ name: 'f' })])
  const cases: readonly (readonly [keyof UnpackLimits, Uint8Array, number])[] = [
    ['entries', Buffer.concat([rawEntry({ name: 'a' }), rawEntry({ name: 'b' })]), 2],
    ['pathDepth', deep, 4],
    ['pathBytes', deep, 'a/b/c/d'.length],
    ['xattrBytes', attributes, 'user.a'.length + 20],
    ['uncompressedBytes', deep, 512 + end.byteLength],
  ]
  for (const [name, archive, most] of cases) {
    assert.equal(await unpackStream(once(archive, end), { limits: { [name]: most } }), 'unpacked', name)
    assert.equal(await unpackStream(once(archive, end), { limits: { [name]: most - 1 } }), name)
  }
})

test('without an option each limit has a default, and one that is given as undefined is not switched off', async () => {
  const path = `${'d/'.repeat(defaultLimits.pathDepth)}file`
  const archive = Buffer.concat([extended({ path }), rawEntry({ name: 'short' }), end])
  assert.equal(await unpackStream(once(archive)), 'pathDepth')
  const limits: Partial<UnpackLimits> = {}
  Reflect.set(limits, 'pathDepth', undefined)
  assert.equal(await unpackStream(once(archive), { limits }), 'pathDepth')
  const long = Buffer.concat([
    extended({ path: 'n'.repeat(defaultLimits.pathBytes + 1) }),
    rawEntry({ name: 'short' }),
    end,
  ])
  assert.equal(await unpackStream(once(long)), 'pathBytes')
})

test('a header that declares exabytes allocates nothing', async () => {
  const before = process.resourceUsage().maxRSS
  // Base 256: the sign bit, then 2^60.
  const size = '\x80\0\0\0\x10\0\0\0\0\0\0\0'
  await assert.rejects(unpackStream(once(rawHeader({ name: 'huge', size }), mebibyte)), (error) =>
    isFault(error, 'tar-invalid'),
  )
  const sparse = Buffer.concat([
    extended({
      'GNU.sparse.major': '1',
      'GNU.sparse.minor': '0',
      'GNU.sparse.realsize': String(2 ** 52),
      'GNU.sparse.name': 'holes',
    }),
    rawEntry({ name: 'GNUSparseFile.0/holes', flag: '0' }, `1\n${2 ** 52}\n0\n`.padEnd(512, '\0')),
    end,
  ])
  assert.equal(await unpackStream(once(sparse)), 'sparseHoleBytes')
  const growth = (process.resourceUsage().maxRSS - before) / 1024
  assert.ok(growth < 32, `${growth} MiB more memory`)
})
