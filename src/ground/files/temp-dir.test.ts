import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, test } from 'node:test'
import { recoverStaleDirs } from './recover-stale-dirs.ts'
import { TempDir } from './temp-dir.ts'

const scratch = mkdtempSync(join(tmpdir(), 'temp-dir-'))
after(() => rmSync(scratch, { recursive: true }))

let count = 0
function fresh(): { readonly home: string; readonly root: string } {
  count += 1
  const home = join(scratch, String(count))
  mkdirSync(home)
  return { home, root: join(home, 'tempdirs') }
}

function layerIn(home: string, name: string): string {
  mkdirSync(join(home, name))
  writeFileSync(join(home, name, 'file'), name)
  return join(home, name)
}

test('what is removed goes out of sight at once and is deleted later', async () => {
  const { home, root } = fresh()
  const temp = TempDir.create(root)
  assert.deepEqual(
    [
      temp.stageDeletion(layerIn(home, 'a')),
      temp.stageDeletion(layerIn(home, 'b')),
      temp.stageDeletion(join(home, 'none')),
    ],
    [true, true, false],
  )
  assert.deepEqual(readdirSync(temp.path).sort(), ['0-a', '1-b'])
  assert.deepEqual(readdirSync(home), ['tempdirs'])
  const suffix = /^temp-dir-(\d+)$/.exec(basename(temp.path))?.[1]
  assert.deepEqual(readdirSync(root).sort(), [`lock-${suffix}`, `temp-dir-${suffix}`])
  const modes = [root, temp.path, join(root, `lock-${suffix}`)].map((path) => statSync(path).mode & 0o777)
  assert.deepEqual(modes, [0o700, 0o700, 0o600])
  await temp.cleanup()
  await temp.cleanup()
  assert.deepEqual(readdirSync(root), [])
  assert.throws(() => temp.stageDeletion(home), /temp dir instance not initialized or already cleaned up/)
})

test('what is added appears as a whole, never over something else, or not at all', async () => {
  const { home, root } = fresh()
  {
    await using temp = TempDir.create(root)
    const kept = temp.stageAddition()
    mkdirSync(kept.path)
    writeFileSync(join(kept.path, 'file'), 'kept')
    kept.commit(join(home, 'layer'))
    const dropped = temp.stageAddition()
    mkdirSync(dropped.path)
    mkdirSync(join(home, 'taken'))
    assert.throws(() => dropped.commit(join(home, 'taken')), { code: 'EEXIST' })
  }
  assert.deepEqual([readFileSync(join(home, 'layer/file'), 'utf8'), readdirSync(root)], ['kept', []])
})

test('leftovers of dead processes are removed, also those of the Go library; living ones stay', async () => {
  const { home, root } = fresh()
  const program = `
    import { TempDir } from '${new URL('./temp-dir.ts', import.meta.url).href}'
    const temp = TempDir.create(process.argv[1])
    temp.stageDeletion(process.argv[2])
    console.log('staged')
    setInterval(() => temp, 1000)`
  const layer = layerIn(home, 'layer')
  const options = ['--input-type=module', '-e', program, root, layer]
  const other = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(other.stdout, 'data')
  const goLock = join(root, 'lock-4242')
  for (const name of ['lock-4242', 'lock-without-directory', 'unrelated']) writeFileSync(join(root, name), '')
  for (const name of ['temp-dir-4242', 'temp-dir-without-lock']) layerIn(root, name)
  const holdGoLock = `import fcntl,sys,time
f=open(sys.argv[1],'r+'); fcntl.lockf(f, fcntl.LOCK_EX); print('held', flush=True); time.sleep(60)`
  const go = spawn('python3', ['-c', holdGoLock, goLock], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(go.stdout, 'data')
  const mine = TempDir.create(root)
  const living = readdirSync(root).filter((name) => !name.includes('without'))

  await recoverStaleDirs(root)
  assert.deepEqual(readdirSync(root).sort(), living.sort())
  other.kill('SIGKILL')
  go.kill('SIGKILL')
  await Promise.all([once(other, 'exit'), once(go, 'exit')])
  await recoverStaleDirs(root)
  assert.deepEqual(
    readdirSync(root).sort(),
    [basename(mine.path), basename(mine.path).replace('temp-dir', 'lock'), 'unrelated'].sort(),
  )
  assert.equal(existsSync(layer), false)
  await mine.cleanup()
  await recoverStaleDirs(join(home, 'nothing-here'))
})

test(
  'one leftover that cannot be removed keeps the others from nothing, and is told',
  {
    skip: process.geteuid?.() !== 0 && 'needs root',
  },
  async () => {
    const { root } = fresh()
    mkdirSync(root)
    layerIn(root, 'temp-dir-1')
    layerIn(root, 'temp-dir-3')
    // A lock that cannot be opened: a directory in its place.
    mkdirSync(join(root, 'lock-2'))
    await assert.rejects(recoverStaleDirs(root), { code: 'EISDIR' })
    assert.deepEqual(readdirSync(root), ['lock-2'])
    spawnSync('rm', ['-r', root])
  },
)
