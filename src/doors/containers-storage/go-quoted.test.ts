import assert from 'node:assert/strict'
import { test } from 'node:test'
import { layerPathOfBytes, layerPathOfText } from '#model'
import { goQuoted } from './go-quoted.ts'

test('names are quoted as Go quotes them, whatever their bytes', () => {
  assert.equal(goQuoted(layerPathOfText('/plain name')), '"/plain name"')
  assert.equal(goQuoted(layerPathOfText('/quote"back\\slash')), '"/quote\\"back\\\\slash"')
  assert.equal(goQuoted(layerPathOfText('/tab\tbell\u0007nul\u0001del\u007f')), '"/tab\\tbell\\anul\\x01del\\x7f"')
  assert.equal(goQuoted(layerPathOfText('/café/日本/😀')), '"/café/日本/😀"')
  assert.equal(goQuoted(layerPathOfText('/zero\u200bwidth\u00a0space')), '"/zero\\u200bwidth\\u00a0space"')
  assert.equal(
    goQuoted(layerPathOfBytes(Uint8Array.of(0x2f, 0x63, 0xe9, 0x2f, 0xff, 0xe2, 0x82))),
    '"/c\\xe9/\\xff\\xe2\\x82"',
  )
})
