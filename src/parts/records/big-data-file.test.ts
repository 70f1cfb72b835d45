import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#model'
import { bigDataFile } from './big-data-file.ts'

test('items lie where the original puts them', () => {
  const names: Readonly<Record<string, string>> = {
    manifest: 'manifest',
    'abc.def9': 'abc.def9',
    'manifest-sha256:abc': '=bWFuaWZlc3Qtc2hhMjU2OmFiYw==',
    some_data: '=c29tZV9kYXRh',
    'Weird/Key é': '=V2VpcmQvS2V5IMOp',
    endsupperA: 'endsupperA',
    trailé: 'trailé',
    'trail𝄞': 'trail𝄞',
    'a/': 'a',
    '???': '=Pz8',
    '..x': '..x',
  }
  for (const [key, name] of Object.entries(names)) assert.equal(bigDataFile('/d', key), `/d/${name}`, key)
})

test('a key that would lead out of the directory, to it, or below another item is refused', () => {
  for (const key of ['/', '.', '..', './', '../', 'x??>>', 'a\0']) {
    assert.throws(
      () => bigDataFile('/d', key),
      (error) => isFault(error, 'path-escapes-root'),
      key,
    )
  }
})
