// Opaque marks cost no more than what they hide (GHSA-rp3h-jf77-q9p4): however many there are of them, and wherever, no directory
// is looked through again and again. (An overlay's layer only sets an attribute.)
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TarEntry } from '#formats/tar'
import { Sandbox, say } from './changeset-sandbox.ts'

const files = 1500
const seconds = 8

/** Looking at every file for each of the marks would be millions of looks. */
const attacks: Readonly<Record<string, readonly TarEntry[]>> = {
  'the same mark, again and again': [
    ...Array.from({ length: files }, (_, index) => say(`d/f${index}`)),
    ...Array.from({ length: 2 * files }, () => say('d/.wh..wh..opq')),
  ],
  'marks in a chain of directories, from the bottom up': chain(300),
  'a mark after each file': Array.from({ length: files }, (_, index) => [
    say(`d/f${index}`),
    say('d/.wh..wh..opq'),
  ]).flat(),
}

function chain(depth: number): readonly TarEntry[] {
  const directories = Array.from({ length: depth }, (_, index) => 'd/'.repeat(index + 1))
  const bottom = directories.at(-1) ?? ''
  return [
    ...Array.from({ length: files }, (_, index) => say(`${bottom}f${index}`)),
    ...directories.toReversed().map((directory) => say(`${directory}.wh..wh..opq`)),
  ]
}

for (const [name, entries] of Object.entries(attacks)) {
  test(`${name}: the time follows the size of the archive`, () => {
    using sandbox = new Sandbox()
    // The directories are a lower layer's, so that every mark has something to look at.
    const marks = entries.map(({ path }) => path).filter((path) => path.endsWith('/.wh..wh..opq'))
    const directories = [...new Set(marks.map((path) => path.slice(0, path.lastIndexOf('/'))))]
    const lower = directories.map((directory) => say(`${directory}/old`, { body: 'x' }))
    sandbox.apply('unpack-layer', lower)
    const began = performance.now()
    assert.equal(sandbox.apply('unpack-layer', entries), undefined)
    assert.ok(performance.now() - began < seconds * 1000)
    const names = sandbox.names()
    assert.equal(names.filter((path) => /\/f\d+$/.test(path)).length, files)
    assert.deepEqual(
      names.filter((path) => path.endsWith('/old')),
      [],
    )
  })
}
