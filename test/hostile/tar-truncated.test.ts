// A stream that ends early, at every byte: an error, or an archive that may end there; never a hang, never a body that is too short.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#model'
import { demandSameView, end, extended, gnuLong, rawEntry, seen } from './raw-tar.ts'

const archive = Buffer.concat([
  rawEntry({ name: 'a' }, 'x'.repeat(700)),
  extended({ path: 'long' }),
  rawEntry({ name: 'b' }, 'body'),
  gnuLong('n'.repeat(150)),
  rawEntry({ name: 'c', flag: '5' }),
  end,
])

/** Where one may stop: before a header, in the padding behind a body, behind zero blocks. */
const mayEnd = (length: number) =>
  length === 0 ||
  (length >= 512 + 700 && length <= 1536) ||
  (length >= 2048 + 13 && length <= 2560) ||
  (length >= 3072 + 4 && length <= 3584) ||
  (length >= 4096 + 151 && length <= 4608) ||
  (length >= 5120 && length % 512 === 0)

test('at every byte', () => {
  for (let length = 0; length <= archive.length; length++) {
    const cut = archive.subarray(0, length)
    if (mayEnd(length)) {
      for (const { size, body } of seen(cut)) assert.equal(body.length, size)
    } else {
      assert.throws(
        () => seen(cut),
        (error) => error instanceof Fault && error.message === `archive/tar: unexpected EOF (at byte ${length})`,
        `cut at ${length}`,
      )
    }
  }
})

test('the Go tool refuses the same ones', () => {
  const cuts = [
    1, 511, 513, 1211, 1212, 1536, 1537, 2048, 2050, 2060, 2560, 3075, 3584, 4100, 4608, 5120, 5632, 5700, 6144,
  ]
  // Where the Go tool drops padding that is cut, what it records differs from the archive: those lengths are not among these.
  const same = cuts.filter((length) => !mayEnd(length) || length % 512 === 0 || length === 1212)
  demandSameView(Object.fromEntries(same.map((length) => [`cut at ${length}`, archive.subarray(0, length)])))
})
