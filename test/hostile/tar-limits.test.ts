// Bombs: what an archive may ask for has limits, each an option with a default that no image was seen to reach.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultTarLimits, TarParser } from '#formats/tar'
import { end, extended, failureOf, limitOf, rawEntry, seen } from './raw-tar.ts'

const archiveOf = (...parts: readonly Buffer[]) => Buffer.concat([...parts, end])
const named = (path: string) => archiveOf(extended({ path }), rawEntry({}))

test('entries', () => {
  const five = archiveOf(...Array.from({ length: 5 }, (_, n) => rawEntry({ name: `f${n}` })))
  assert.equal(seen(five, { entries: 5 }).length, 5)
  assert.equal(limitOf(five, { entries: 4 }), 'entries')
  const globals = archiveOf(...Array.from({ length: 5 }, () => extended({ comment: '' }, 'g')))
  assert.equal(limitOf(globals, { entries: 4 }), 'entries')
})

test('bytes of a path or of a link’s target; a target that is not used does not count', () => {
  const { pathBytes } = defaultTarLimits
  const path = `${'d'.repeat(200)}/`.repeat(20).slice(0, 4000).padEnd(pathBytes, 'f')
  assert.equal(seen(named(path))[0]?.path, path)
  assert.equal(limitOf(named(`${path}f`)), 'pathBytes')
  const linked = (flag: string) => archiveOf(extended({ linkpath: `${path}f` }), rawEntry({ flag }))
  assert.equal(limitOf(linked('2')), 'pathBytes')
  assert.equal(seen(linked('0'))[0]?.link, '')
})

test('depth of a path', () => {
  const { pathDepth } = defaultTarLimits
  assert.equal(seen(named('a/'.repeat(pathDepth))).length, 1)
  assert.equal(limitOf(named('a/'.repeat(pathDepth + 1))), 'pathDepth')
  assert.equal(limitOf(named('a/b/c'), { pathDepth: 2 }), 'pathDepth')
  assert.equal(seen(named('.//./a/./b'), { pathDepth: 2 }).length, 1)
})

test('bytes of extended attributes', () => {
  const attributes = (bytes: number) =>
    archiveOf(extended({ 'SCHILY.xattr.user.a': 'v'.repeat(bytes - 12), 'SCHILY.xattr.user.b': '' }), rawEntry({}))
  assert.equal(seen(attributes(defaultTarLimits.xattrBytes)).length, 1)
  assert.equal(limitOf(attributes(defaultTarLimits.xattrBytes + 1)), 'xattrBytes')
})

test('a limit says what it is, how much it allows, and which option raises it', () => {
  const archive = archiveOf(rawEntry({ name: 'a' }), rawEntry({ name: 'b' }))
  assert.deepEqual(
    failureOf(() => seen(archive, { entries: 1 })),
    { code: 'limit-exceeded', limit: 'entries', most: 1, option: 'entries' },
  )
})

test('nothing of an entry that is refused is told', () => {
  const told: string[] = []
  const sink = {
    entry: ({ path }: { path: string }) => void told.push(path),
    body: () => void told.push('body'),
    entryEnd() {},
  }
  const parser = new TarParser(sink, { pathBytes: 5 })
  failureOf(() => parser.push(archiveOf(rawEntry({ name: 'fine' }), rawEntry({ name: 'too long' }, 'body'))))
  assert.deepEqual(told, ['fine'])
})
