import assert from 'node:assert/strict'
import { test } from 'node:test'

import { LzmaWindow } from './lzma-window.ts'

function written(window: LzmaWindow, from: number): string {
  return Buffer.from(window.bytes.subarray(from, window.end)).toString()
}

test('a match repeats what is in reach, itself included, and nothing before it', () => {
  const window = new LzmaWindow(4)
  window.reserve(100)
  window.append(Buffer.from('abc'))
  window.repeat(2, 7)
  assert.equal(written(window, 0), 'abcabcabca')
  assert.equal(window.reach, 4, 'the dictionary, though more is there')
  assert.throws(() => window.repeat(4, 1), { message: /reaches behind the dictionary/ })

  window.forget()
  assert.throws(() => window.repeat(0, 1), { message: /reaches behind the dictionary/ })
})

test('it grows with what is written and slides when it is as large as the dictionary needs', () => {
  const window = new LzmaWindow(1 << 20)
  let content = ''
  for (let round = 0; round < 300; round += 1) {
    const piece = `${round}`.padStart(5, '.').repeat(12_000)
    window.reserve(piece.length)
    window.append(Buffer.from(piece))
    content = (content + piece).slice(-(1 << 20))
  }
  assert.equal(written(window, window.end - (1 << 20)), content)
  assert.ok(window.bytes.byteLength <= 6 << 20)
  window.reserve(1)
  window.repeat((1 << 20) - 1, 1)
  assert.equal(written(window, window.end - 1), content.slice(0, 1))
})
