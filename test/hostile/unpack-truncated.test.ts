import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isFault } from '#model'
import { unpack } from '#parts/unpack'
import { end, rawEntry } from './raw-tar.ts'

const scratch = mkdtempSync(join(tmpdir(), 'shale-truncated-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const noise = Array.from({ length: 3000 }, (_, i) => String.fromCharCode((i * i * 7919) % 251)).join('')
const tar = Buffer.concat([rawEntry({ name: 'first' }, noise), rawEntry({ name: 'second' }, noise), end])

let serial = 0
/** What becomes of a blob: the entries that were unpacked, or the code of the refusal. */
async function outcome(bytes: Uint8Array): Promise<number | string> {
  const directory = join(scratch, `${(serial += 1)}`)
  mkdirSync(directory)
  const stream = (async function* () {
    yield bytes
  })()
  try {
    const { entries } = await unpack({ kind: 'stream', bytes: stream }, { directory, semantics: 'overlay' })
    assert.equal(readdirSync(directory).length, entries)
    return entries
  } catch (error) {
    if (isFault(error, 'compression-invalid') || isFault(error, 'tar-invalid')) return error.failure.code
    throw error
  }
}

for (const codec of ['gzip', 'bzip2', 'xz', 'zstd']) {
  test(`a ${codec} blob that was cut anywhere is refused, and one with bytes behind its end as well`, async () => {
    const blob = execFileSync(codec, ['-c'], { input: tar })
    assert.equal(await outcome(blob), 2)
    // Cut into the magic it is no longer known as compressed; then it is no tar either.
    for (const at of [1, 4, 12, 18, 100, blob.byteLength >> 1, blob.byteLength - 9, blob.byteLength - 1]) {
      assert.match(String(await outcome(blob.subarray(0, at))), /-invalid$/, `cut at ${at} of ${blob.byteLength}`)
    }
    assert.equal(await outcome(Buffer.concat([blob, Buffer.from('garbage')])), 'compression-invalid')
  })
}

test('a tar that was cut inside of a header or a file is refused, one that lost its end blocks is not', async () => {
  const entry = 512 + Math.ceil(noise.length / 512) * 512
  for (const at of [1, 511, 513, 512 + noise.length - 1, entry + 1, entry + 1000]) {
    assert.equal(await outcome(tar.subarray(0, at)), 'tar-invalid', `cut at ${at}`)
  }
  const whole: readonly (readonly [number, number])[] = [
    [0, 0],
    [entry, 1],
    [512 + noise.length, 1],
    [2 * entry, 2],
    [2 * entry + 512, 2],
  ]
  for (const [at, entries] of whole) assert.equal(await outcome(tar.subarray(0, at)), entries, `cut at ${at}`)
})
