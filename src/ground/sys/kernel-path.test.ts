import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assert as check, property, uint8Array } from 'fast-check'
import { bytesOfLayerPath, layerPathOfBytes } from '#model'
import { mkdirat, renameat, symlinkat, tryMkdirat, unlinkat } from './at-calls.ts'
import { AT_FDCWD, AT_REMOVEDIR } from './at-flags.ts'
import { Descriptor } from './descriptor.ts'
import { cString, cStringOfLayerPath } from './kernel-path.ts'
import { listDirectory } from './directory-list.ts'
import { O_DIRECTORY, O_RDONLY } from './open-flags.ts'
import { openat } from './open.ts'

const scratch = mkdtempSync(join(tmpdir(), 'kernel-path-'))
after(() => rmSync(scratch, { recursive: true }))

function openScratch(): Descriptor {
  return new Descriptor(openat(AT_FDCWD, scratch, O_RDONLY | O_DIRECTORY))
}

function namesIn(directory: Descriptor): Buffer[] {
  return listDirectory(directory.fd).map((entry) => entry.name)
}

test('any bytes make a name, by all spellings of it', () => {
  using directory = openScratch()
  const nameBytes = uint8Array({ min: 1, minLength: 1, maxLength: 255 }).filter(
    (bytes) => !bytes.includes(0x2f) && !/^\.{1,2}$/.test(Buffer.from(bytes).toString('latin1')),
  )
  const exists = 17
  check(
    property(nameBytes, (bytes) => {
      const path = layerPathOfBytes(bytes)
      mkdirat(directory.fd, bytes, 0o700)
      assert.deepEqual(namesIn(directory), [Buffer.from(bytes)])
      assert.equal(tryMkdirat(directory.fd, cString(bytes), 0o700), exists)
      assert.equal(tryMkdirat(directory.fd, cStringOfLayerPath(path), 0o700), exists)
      assert.equal(tryMkdirat(directory.fd, bytesOfLayerPath(path), 0o700), exists)
      unlinkat(directory.fd, bytes, AT_REMOVEDIR)
    }),
    { numRuns: 200 },
  )
})

test('text stands for its UTF-8 bytes, also beside another path in the same call', () => {
  using directory = openScratch()
  mkdirat(directory.fd, 'größe', 0o700)
  renameat(directory.fd, 'größe', directory.fd, 'naïveté')
  assert.deepEqual(readdirSync(scratch), ['naïveté'])
  unlinkat(directory.fd, 'naïveté', AT_REMOVEDIR)
})

test('a NUL inside of a name is refused: it would end the name early', () => {
  using directory = openScratch()
  const refused = { name: 'ErrnoError', code: 'EINVAL', call: 'mkdir' }
  assert.throws(() => mkdirat(directory.fd, 'safe\0hidden', 0o700), refused)
  assert.throws(() => mkdirat(directory.fd, Buffer.from('safe\0hidden'), 0o700), refused)
  assert.throws(() => mkdirat(directory.fd, cString('safe\0hidden'), 0o700), refused)
  assert.throws(() => symlinkat('target\0', directory.fd, 'link'), { code: 'EINVAL' })
  assert.deepEqual(namesIn(directory), [])
})

test('a path that is too long is an error of the kernel, not another path', () => {
  using directory = openScratch()
  for (const length of [256, 4095, 4096, 5000, 100_000]) {
    const name = 'a'.repeat(length)
    assert.throws(() => mkdirat(directory.fd, name, 0o700), { code: 'ENAMETOOLONG' }, `${length}`)
    assert.throws(() => mkdirat(directory.fd, Buffer.from(name), 0o700), { code: 'ENAMETOOLONG' }, `${length}`)
  }
  const longest = 'a/'.repeat(2047) + 'a'
  assert.throws(() => mkdirat(directory.fd, longest, 0o700), { code: 'ENOENT' })
})
