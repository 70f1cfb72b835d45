import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type LockWait, lockFile } from './lock-file.ts'
import { authorOfLockToken } from './lock-token.ts'
import type { LockMode } from './locked-file.ts'

const scratch = mkdtempSync(join(tmpdir(), 'lock-file-'))
after(() => rmSync(scratch, { recursive: true }))

let count = 0
function freshPath(): string {
  count += 1
  return join(scratch, `${count}`, 'storage.lock')
}

test('readers share, a writer is alone, and who comes after a waiting writer waits behind it', async () => {
  const file = lockFile(freshPath())
  const order: string[] = []
  const first = await file.lock('shared')
  const second = await file.lock('shared')
  const holdBriefly = async (mode: LockMode, name: string): Promise<void> => {
    using _lock = await file.lock(mode)
    order.push(name)
  }
  const writer = holdBriefly('exclusive', 'writer')
  const late = holdBriefly('shared', 'late reader')
  order.push('readers done')
  first[Symbol.dispose]()
  await delay(20)
  assert.deepEqual(order, ['readers done'])
  second[Symbol.dispose]()
  await Promise.all([writer, late])
  assert.deepEqual(order, ['readers done', 'writer', 'late reader'])
})

test('a lock file is created with its directories, closed to others', async () => {
  const path = freshPath()
  using lock = await lockFile(path).lock('exclusive')
  assert.equal(lock.held, 'exclusive')
  assert.equal(statSync(path).mode & 0o777, 0o644 & ~process.umask())
  assert.equal(statSync(join(path, '..')).mode & 0o777, 0o700)
})

/** A classic lock of another process on the file: held from its first output until it is killed. */
async function classicLockOf(path: string, kind: 'LOCK_SH' | 'LOCK_EX'): Promise<ChildProcess> {
  const program = `import fcntl,sys,time; f=open(sys.argv[1],'a+'); fcntl.lockf(f, fcntl.${kind}); print('held', flush=True); time.sleep(60)`
  const child = spawn('python3', ['-c', program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

test('a classic lock of another process keeps us waiting, and goes when that process is killed', async () => {
  const path = freshPath()
  lockFile(path).tryLock('exclusive')?.[Symbol.dispose]()
  const other = await classicLockOf(path, 'LOCK_EX')
  assert.equal(lockFile(path).tryLock('shared'), undefined)
  const waiting = lockFile(path).lock('exclusive')
  await delay(50)
  other.kill('SIGKILL')
  using lock = await waiting
  assert.equal(lock.held, 'exclusive')
})

test('readers of other programs are no hindrance for a reader, but for a writer', async () => {
  const path = freshPath()
  lockFile(path).tryLock('exclusive')?.[Symbol.dispose]()
  const other = await classicLockOf(path, 'LOCK_SH')
  using shared = lockFile(path).tryLock('shared')
  assert.equal(shared?.held, 'shared')
  shared[Symbol.dispose]()
  assert.equal(lockFile(path).tryLock('exclusive'), undefined)
  other.kill('SIGKILL')
})

test('waiting can be cancelled, and the place in the queue goes to the next', async () => {
  const path = freshPath()
  const file = lockFile(path)
  const held = await file.lock('shared')
  const cancel = new AbortController()
  const writer = file.lock('exclusive', { signal: cancel.signal })
  const reader = file.lock('shared')
  cancel.abort(new Error('enough'))
  await assert.rejects(writer, { message: 'enough' })
  using behind = await reader
  assert.equal(behind.held, 'shared')
  held[Symbol.dispose]()
  const other = await classicLockOf(path, 'LOCK_SH')
  await assert.rejects(file.lock('exclusive', { signal: AbortSignal.timeout(30) }), { name: 'TimeoutError' })
  other.kill('SIGKILL')
})

test('long waiting is reported again and again, with the process that holds the lock', async (t) => {
  const path = freshPath()
  const file = lockFile(path)
  const mine = await file.lock('exclusive')
  mine.writeToken()
  mine[Symbol.dispose]()
  const other = await classicLockOf(path, 'LOCK_EX')
  t.mock.timers.enable({ apis: ['setInterval'] })
  const reports: LockWait[] = []
  const waiting = file.lock('exclusive', { onWait: (wait) => reports.push(wait) })
  t.mock.timers.tick(6100)
  other.kill('SIGKILL')
  const lock = await waiting
  t.mock.timers.tick(6000)
  lock[Symbol.dispose]()
  assert.deepEqual(
    reports.map(({ pid, command, lastWrite }) => ({ pid, command, writer: lastWrite?.pid })),
    [1, 2].map(() => ({ pid: other.pid, command: 'python3', writer: process.pid })),
  )
  assert.ok(reports.every((report) => report.path === path && report.since instanceof Date))
})

test('a lock file that was replaced while we waited for it is not mistaken for the new one', async () => {
  const path = freshPath()
  lockFile(path).tryLock('exclusive')?.[Symbol.dispose]()
  const other = await classicLockOf(path, 'LOCK_EX')
  const waiting = lockFile(path).lock('exclusive')
  await delay(20)
  unlinkSync(path)
  using _lock = await waiting
  assert.ok(existsSync(path))
  other.kill('SIGKILL')
})

test('the token says who wrote last, and changes with every write', async () => {
  const path = freshPath()
  using lock = await lockFile(path).lock('exclusive')
  assert.equal(lock.readToken(), '')
  const first = lock.writeToken()
  const second = lock.writeToken()
  assert.notEqual(first, second)
  assert.equal(lock.readToken(), second)
  assert.equal(readFileSync(path).length, 64)
  const author = authorOfLockToken(second)
  assert.equal(author?.pid, process.pid)
  assert.ok(Math.abs(Number(author?.time) - Date.now()) < 5000)
})

test('a read-only lock file is never created nor locked for writing', async () => {
  const path = freshPath()
  const file = lockFile(path, 'read-only')
  using lock = await file.lock('shared')
  assert.equal(lock.readToken(), '')
  assert.equal(existsSync(path), false)
  await assert.rejects(file.lock('exclusive'), /read-only store/)
  lock[Symbol.dispose]()
  using writing = await lockFile(path).lock('exclusive')
  assert.equal(writing.held, 'exclusive')
  assert.equal(file.tryLock('shared'), undefined)
})
