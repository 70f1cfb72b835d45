// Bombs against the limits that hold when nobody says anything: they are refused by name, early, and leave the store as it was.
import assert from 'node:assert/strict'
import { statfsSync } from 'node:fs'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { Failure, UnpackLimits } from '../../src/index.ts'
import { mediaTypes } from './hostile-image.ts'
import { end, extended, gnuLong, rawEntry, rawHeader } from './raw-tar.ts'
import { drivers, usedVictim, type Victim } from './victim.ts'

const layer = (...entries: readonly Uint8Array[]): Buffer => Buffer.concat([...entries, end])
const first = layer(rawEntry({ name: 'file' }, 'first'))
const other = layer(rawEntry({ name: 'file' }, 'other'))
const named = (path: string): Buffer => layer(extended({ path }), rawEntry({ name: 'short' }))

/** What a pull says of a blob that is not the tar of its diffID: it never gets so far as to compare them. */
function sourceOfBlob(victim: Victim, blob: Uint8Array): string {
  const layout = victim.layout()
  return layout.pointingTo(
    layout.image([other], { layers: [layout.add(`${mediaTypes.layer}+${codecOf(blob)}`, blob)] }),
  )
}

const codecOf = (blob: Uint8Array): string => (blob[0] === 0x1f ? 'gzip' : 'zstd')

/** A file of two gibibytes of zeros in about two megabytes: each member or frame is one more mebibyte of it. */
function denseBlob(compress: (bytes: Uint8Array) => Uint8Array): Buffer {
  const gibibytes = 2
  const member = compress(new Uint8Array(2 ** 20))
  const members = Array.from({ length: gibibytes * 1024 }, () => member)
  return Buffer.concat([compress(rawHeader({ name: 'zeros', size: gibibytes * 2 ** 30 })), ...members, compress(end)])
}

for (const driver of drivers) {
  test(`two gibibytes in two megabytes are refused by their density, long before the disk feels it (${driver})`, () => {
    using victim = usedVictim(driver, first)
    for (const compress of [gzipSync, zstdCompressSync]) {
      const source = sourceOfBlob(victim, denseBlob(compress))
      const free = () => statfsSync(victim.place.directory).bavail
      const before = free()
      const said = victim.refusal(5, () => victim.shale('pull', source))
      assert.match(said, /more than 200 uncompressed bytes for one compressed byte .*compressionRatio/)
      assert.ok(before - free() < 2 ** 16, 'the disk is not as free as it was')
    }
  })

  test(`what a header asks for in vain is refused by name (${driver})`, async () => {
    using victim = usedVictim(driver, first)
    const sparse = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'holes' }
    const holes = (bytes: number) =>
      layer(extended({ ...sparse, 'GNU.sparse.realsize': String(bytes) }), rawEntry({}, '0\n'.padEnd(512, '\0')))
    const attributes = Object.fromEntries(
      Array.from({ length: 5 }, (_, index) => [`SCHILY.xattr.user.n${index}`, 'v'.repeat(60_000)]),
    )
    const limited: Readonly<
      Record<string, readonly [Buffer, keyof UnpackLimits | 'extensionBytes' | 'sparseHoleBytes']>
    > = {
      'a path of 1025 names': [named('d/'.repeat(1025)), 'pathDepth'],
      'a path of 4097 bytes': [named('n'.repeat(4097)), 'pathBytes'],
      'a target of 4097 bytes': [layer(gnuLong('t'.repeat(4097), 'K'), rawEntry({ flag: '2' })), 'pathBytes'],
      'attributes of 300 kB': [layer(extended(attributes), rawEntry({})), 'xattrBytes'],
      'extension headers without end': [
        layer(...Array.from({ length: 9 }, () => extended({ comment: 'c'.repeat(1_000_000) }))),
        'extensionBytes',
      ],
      'a terabyte of holes': [holes(2 ** 40), 'sparseHoleBytes'],
    }
    for (const [what, [tar, option]] of Object.entries(limited)) {
      const failure = await victim.failure(async () => victim.attempt([tar]))
      assert.deepEqual([failure.code, 'option' in failure && failure.option], ['limit-exceeded', option], what)
      assert.match(
        victim.refusal(1, () => victim.importLayer(tar)),
        new RegExp(option),
      )
    }
    const declared = layer(rawHeader({ name: 'exabyte', size: '\x80\0\0\0\x10\0\0\0\0\0\0\0' }))
    assert.equal((await victim.failure(async () => victim.attempt([declared]))).code, 'tar-invalid')
    const [deep = ['', '']] = [limited['a path of 1025 names']]
    assert.match(
      victim.refusal(5, () => victim.pull(Buffer.from(deep[0]))),
      /pathDepth/,
    )
  })

  test(`what no file system holds is the file system’s to refuse (${driver})`, async () => {
    using victim = usedVictim(driver, first)
    const errnoOf = (failure: Failure) => (failure.code === 'system' ? failure.errno : failure.code)
    const long = await victim.failure(async () => victim.attempt([named('n'.repeat(256))]))
    assert.equal(errnoOf(long), 'ENAMETOOLONG')
    const value = { 'SCHILY.xattr.user.large': 'v'.repeat(70_000) }
    const large = await victim.failure(async () => victim.attempt([layer(extended(value), rawEntry({}))]))
    assert.match(errnoOf(large), /^(?:E2BIG|ENOSPC|ERANGE)$/)
  })

  test(`a tree of 1024 levels goes in, is seen, and goes again (${driver})`, () => {
    using victim = usedVictim(driver, first)
    const before = victim.listing()
    const given = victim.pull(named(`${'d/'.repeat(1023)}f`))
    assert.equal(given.status, 0, given.stderr)
    assert.match(victim.shale('ls', 'victim', `/${'d/'.repeat(1023)}`).stdout, /\bf\n/)
    assert.equal(victim.shale('rmi', 'victim').status, 0)
    assert.equal(Object.keys(victim.listing()).length, Object.keys(before).length)
  })
}

test('entries are counted, across the whole archive and whatever they are', async () => {
  using victim = usedVictim('overlay', first)
  const many = layer(...Array.from({ length: 1001 }, (_, index) => rawEntry({ name: `f${index}` })))
  const failure = await victim.failure(async () => victim.attempt([many], { limits: { entries: 1000 } }))
  assert.deepEqual(failure, { code: 'limit-exceeded', limit: 'entries', most: 1000, option: 'entries' })
  assert.equal(await victim.attempt([many], { limits: { entries: 1001 } }), undefined)
})
