import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AT_FDCWD } from './at-flags.ts'
import { Descriptor } from './descriptor.ts'
import { O_CREAT, O_RDWR } from './open-flags.ts'
import { openat } from './open.ts'
import { classicLockHolder, recordLockHolder, releaseRecordLock, tryRecordLock } from './record-lock.ts'

const scratch = mkdtempSync(join(tmpdir(), 'sys-lock-'))
after(() => rmSync(scratch, { recursive: true }))

function open(name: string): Descriptor {
  return new Descriptor(openat(AT_FDCWD, join(scratch, name), O_RDWR | O_CREAT, 0o644))
}

/** Another process with a classic lock, which it has when this returns. */
async function classicLock(name: string, kind: 'LOCK_SH' | 'LOCK_EX'): Promise<ChildProcess> {
  const program = `import fcntl,sys,time
f=open(sys.argv[1],'r+'); fcntl.lockf(f, fcntl.${kind}); print('held', flush=True); time.sleep(60)`
  const child = spawn('python3', ['-c', program, join(scratch, name)], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

test('the lock belongs to the open file: two of one process exclude each other', () => {
  using first = open('same')
  using second = open('same')
  assert.equal(tryRecordLock(first.fd, 'shared'), true)
  assert.equal(tryRecordLock(second.fd, 'shared'), true)
  assert.equal(tryRecordLock(first.fd, 'exclusive'), false)
  assert.equal(recordLockHolder(first.fd, 'exclusive'), -1)
  releaseRecordLock(second.fd)
  assert.equal(tryRecordLock(first.fd, 'exclusive'), true)
  assert.equal(recordLockHolder(second.fd, 'shared'), -1)
  first.close()
  assert.equal(recordLockHolder(second.fd, 'exclusive'), undefined)
  assert.throws(() => tryRecordLock(first.fd, 'shared'), { code: 'EBADF' })
})

test('a classic lock of another process is in the way, its holder is known, and its death gives it back', async () => {
  using file = open('classic')
  const reader = await classicLock('classic', 'LOCK_SH')
  assert.equal(tryRecordLock(file.fd, 'exclusive'), false)
  assert.equal(recordLockHolder(file.fd, 'exclusive'), reader.pid)
  assert.equal(classicLockHolder(file.fd, 'exclusive'), reader.pid)
  assert.equal(recordLockHolder(file.fd, 'shared'), undefined)
  assert.equal(tryRecordLock(file.fd, 'shared'), true)
  reader.kill('SIGKILL')
  await once(reader, 'exit')
  assert.equal(tryRecordLock(file.fd, 'exclusive'), true)
})

test('our lock is in the way of a classic one', async () => {
  using file = open('ours')
  assert.equal(tryRecordLock(file.fd, 'exclusive'), true)
  const program = `import fcntl,sys
try: fcntl.lockf(open(sys.argv[1],'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError: sys.exit(7)`
  const run = async (): Promise<unknown> => {
    const [code]: unknown[] = await once(
      spawn('python3', ['-c', program, join(scratch, 'ours')], { stdio: 'inherit' }),
      'exit',
    )
    return code
  }
  assert.equal(await run(), 7)
  releaseRecordLock(file.fd)
  assert.equal(await run(), 0)
})
