import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { mount, umount2 } from '#ground/sys'
import { syncDirectory, writeFileAtomically } from './atomic-file.ts'
import { syncFileSystem } from './sync-file-system.ts'

const scratch = mkdtempSync(join(tmpdir(), 'atomic-file-'))
after(() => rmSync(scratch, { recursive: true }))

let count = 0
function fresh(): string {
  count += 1
  const path = join(scratch, String(count))
  mkdirSync(path)
  return path
}

test('the new content stands with its mode, and its time is told to the nanosecond', () => {
  const path = join(fresh(), 'layers.json')
  const umask = process.umask(0o077)
  try {
    for (const [text, mode] of [
      ['[]', 0o600],
      ['[{}]', 0o644],
    ] as const) {
      const time = writeFileAtomically(path, Buffer.from(text), { mode, sync: 'full' })
      const status = lstatSync(path, { bigint: true })
      assert.deepEqual([readFileSync(path, 'utf8'), Number(status.mode & 0o777n), status.mtimeNs], [text, mode, time])
    }
  } finally {
    process.umask(umask)
  }
  syncDirectory(join(path, '..'))
  syncFileSystem(path)
})

test('when the file cannot be put into place, the old one stays and nothing is left behind', () => {
  const directory = fresh()
  const path = join(directory, 'occupied')
  mkdirSync(path)
  writeFileSync(join(path, 'inside'), '')
  assert.throws(() => writeFileAtomically(path, Buffer.from('x'), { mode: 0o600, sync: 'none' }), {
    code: 'EISDIR',
    call: 'rename',
  })
  assert.deepEqual(readdirSync(directory), ['occupied'])
  assert.throws(
    () => writeFileAtomically(join(directory, 'no/such'), Buffer.from('x'), { mode: 0o600, sync: 'none' }),
    {
      code: 'ENOENT',
    },
  )
})

test(
  'a full disk is an error, and the old content stays',
  { skip: process.geteuid?.() !== 0 && 'needs root' },
  async () => {
    const directory = fresh()
    mount({ source: 'none', target: directory, type: 'tmpfs', data: 'size=64k' })
    try {
      const path = join(directory, 'records')
      writeFileAtomically(path, Buffer.from('old'), { mode: 0o600, sync: 'full' })
      assert.throws(() => writeFileAtomically(path, Buffer.alloc(200_000), { mode: 0o600, sync: 'full' }), {
        code: 'ENOSPC',
      })
      assert.deepEqual([readFileSync(path, 'utf8'), readdirSync(directory)], ['old', ['records']])
    } finally {
      umount2(directory)
    }
  },
)

test('a writer that is killed at any moment leaves the old content or the new one, whole', async () => {
  const path = join(fresh(), 'records')
  const program = `
    import { writeFileAtomically } from '${new URL('./atomic-file.ts', import.meta.url).href}'
    for (let round = 0; ; round++) {
      writeFileAtomically(process.argv[1], Buffer.alloc(100_000, String(round % 10)), { mode: 0o600, sync: 'none' })
      if (round === 0) console.log('written')
    }`
  for (let kill = 0; kill < 4; kill++) {
    const writer = spawn(process.execPath, ['--input-type=module', '-e', program, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(writer.stdout, 'data')
    await delay(5 + Math.random() * 20)
    writer.kill('SIGKILL')
    await once(writer, 'exit')
    const content = readFileSync(path)
    assert.deepEqual(content, Buffer.alloc(100_000, content[0]))
  }
  assert.ok(existsSync(path))
})
