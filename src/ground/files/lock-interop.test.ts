import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type LockFile, type LockWait, lockFile } from './lock-file.ts'
import { holderOfLock } from './lock-holder.ts'
import { authorOfLockToken } from './lock-token.ts'

const noGoTool = spawnSync('containers-storage', ['--help']).error !== undefined && 'needs containers-storage'
const scratch = mkdtempSync(join(tmpdir(), 'lock-interop-'))
after(() => rmSync(scratch, { recursive: true }))

const graphRoot = join(scratch, 'graph')

function goTool(...words: readonly string[]): ChildProcess {
  return spawn('containers-storage', ['-g', graphRoot, '-R', join(scratch, 'run'), '-s', 'vfs', ...words], {
    stdio: 'ignore',
  })
}

async function exitOf(child: ChildProcess): Promise<unknown> {
  const [code]: unknown[] = await once(child, 'exit')
  return code
}

test('the Go tool waits while we hold its lock, and goes on when we give it back', { skip: noGoTool }, async () => {
  const lock = await lockFile(join(graphRoot, 'storage.lock')).lock('exclusive')
  const waiting = goTool('layers')
  const exit = exitOf(waiting)
  await delay(400)
  assert.equal(waiting.exitCode, null)
  lock[Symbol.dispose]()
  assert.equal(await exit, 0)
})

test(
  'we wait while the Go tool holds its lock, learn that it is the one, and read its mark',
  { skip: noGoTool },
  async (t) => {
    assert.equal(await exitOf(goTool('create-layer', '-i', 'base')), 0)
    const pipe = join(scratch, 'pipe')
    spawnSync('mkfifo', [pipe])
    const applying = goTool('applydiff', '-f', pipe, 'base')
    const exit = exitOf(applying)
    const tar = createWriteStream(pipe)
    await once(tar, 'open')
    const layersLock = lockFile(join(graphRoot, 'vfs-layers', 'layers.lock'))
    while (isFree(layersLock)) await delay(10)
    t.mock.timers.enable({ apis: ['setInterval'] })
    const reports: LockWait[] = []
    const ours = layersLock.lock('exclusive', { onWait: (wait) => reports.push(wait) })
    t.mock.timers.tick(3100)
    assert.deepEqual(
      reports.map(({ pid, command }) => ({ pid, command })),
      [{ pid: applying.pid, command: 'containers-stor' }],
    )
    tar.end(Buffer.alloc(1024))
    assert.equal(await exit, 0)
    using lock = await ours
    assert.equal(authorOfLockToken(lock.readToken())?.pid, applying.pid)
  },
)

function isFree(file: LockFile): boolean {
  using lock = file.tryLock('shared')
  return lock !== undefined
}

// Adds one to a number in a file, many times, each time under the lock: without it, additions would be lost.
const adder = `
  import { readFileSync, writeFileSync } from 'node:fs'
  import { lockFile } from '${new URL('./lock-file.ts', import.meta.url).href}'
  const [path, number, rounds] = process.argv.slice(1)
  for (let i = 0; i < Number(rounds); i++) {
    using lock = await lockFile(path).lock('exclusive')
    lock.writeToken()
    const before = Number(readFileSync(number, 'utf8'))
    await new Promise((resolve) => setImmediate(resolve))
    writeFileSync(number, String(before + 1))
  }`

function addInProcess(path: string, number: string, rounds: number): ChildProcess {
  const options = ['--input-type=module', '-e', adder, path, number, String(rounds)]
  return spawn(process.execPath, options, { stdio: ['ignore', 'inherit', 'inherit'] })
}

test('three processes that count under one lock lose nothing, and nobody starves', async () => {
  const path = join(scratch, 'count.lock')
  const number = join(scratch, 'number')
  writeFileSync(number, '0')
  const exits = [1, 2, 3].map(async () => await exitOf(addInProcess(path, number, 50)))
  assert.deepEqual(await Promise.all(exits), [0, 0, 0])
  assert.equal(readFileSync(number, 'utf8'), '150')
})

test('a writer that is killed while it holds the lock takes nobody with it', async () => {
  const path = join(scratch, 'killed.lock')
  const program = `
    import { lockFile } from '${new URL('./lock-file.ts', import.meta.url).href}'
    const lock = await lockFile(process.argv[1]).lock('exclusive')
    lock.writeToken()
    console.log('held')
    setInterval(() => lock, 1000)`
  const writer = spawn(process.execPath, ['--input-type=module', '-e', program, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(writer.stdout, 'data')
  const file = lockFile(path)
  assert.equal(file.tryLock('exclusive'), undefined)
  const { pid, command, lastWrite } = holderOfLock(path, 'exclusive')
  assert.deepEqual([pid, command !== undefined, lastWrite?.pid], [writer.pid, true, writer.pid])
  const waiting = file.lock('exclusive')
  writer.kill('SIGKILL')
  using lock = await waiting
  assert.equal(authorOfLockToken(lock.readToken())?.pid, writer.pid)
})
