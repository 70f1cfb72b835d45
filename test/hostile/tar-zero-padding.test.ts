// CVE-2017-14992: zeros without end behind (or instead of) an archive. They cost time in proportion, and no memory.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TarParser } from '#formats/tar'
import { TarSplitRecorder } from '#formats/tarsplit'
import { end, rawEntry } from './raw-tar.ts'

const zeros = Buffer.alloc(1 << 20)

/** Milliseconds for so many MiB of zeros behind an archive. */
function timeFor(mebibytes: number, archive: Buffer): number {
  let told = 0
  const parser = new TarParser({
    structure: ({ byteLength }) => void (told += byteLength),
    entry() {},
    body() {},
    entryEnd() {},
  })
  const start = performance.now()
  parser.push(archive)
  for (let pushed = 0; pushed < mebibytes; pushed++) parser.push(zeros)
  parser.end()
  assert.equal(told, archive.length + mebibytes * zeros.length)
  return performance.now() - start
}

test('gigabytes of zeros pass in no time', () => {
  const archive = Buffer.concat([rawEntry({ name: 'empty' }), end])
  timeFor(10, archive)
  assert.ok(timeFor(10_240, archive) < 2000)
  assert.ok(timeFor(10_240, Buffer.alloc(0)) < 2000)
})

test('what a recorder keeps of them is bounded: it hands them on in pieces', () => {
  let longest = 0
  let all = 0
  const recorder = new TarSplitRecorder(({ byteLength }) => {
    longest = Math.max(longest, byteLength)
    all += byteLength
  })
  const parser = new TarParser(recorder)
  for (let pushed = 0; pushed < 20; pushed++) parser.push(zeros)
  assert.ok(longest < 1.5 * zeros.length)
  assert.ok(all > 18 * zeros.length)
})
