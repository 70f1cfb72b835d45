import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type DriverName, scratchStore, type ScratchStore } from './scratch-store.ts'
import type { Durability } from './store.ts'

const calls = 'syncfs,fsync,fdatasync,rename,renameat,renameat2'

/** What the kernel was asked for, in order, while another process put one layer in. Paths are shown without the store's directory. */
function traced(scratch: ScratchStore, driver: DriverName, durability: Durability): readonly string[] {
  const blob = scratch.tar({ a: '1' })
  const program = `
    import { importLayer } from './import-layer.ts'
    import { openScratch } from './scratch-store.ts'
    const store = await openScratch('${driver}', '${scratch.directory}', '${durability}')
    await importLayer(store, { blob: { kind: 'file', path: '${blob.path}' } })`
  const log = join(scratch.directory, 'calls')
  const node = [process.execPath, '--input-type=module-typescript', '-e', program]
  execFileSync('strace', ['-f', '-y', '-o', log, '-e', `trace=${calls}`, ...node], { cwd: import.meta.dirname })
  const lines = readFileSync(log, 'utf8').split('\n')
  // A call that another thread's interrupts is shown twice; it counts where it ends.
  return lines
    .filter((line) => line.includes(scratch.directory) || line.includes('resumed'))
    .filter((line) => !line.includes('unfinished') || /rename/.test(line))
    .map((line) => line.replaceAll(scratch.directory, '').replaceAll(/temp-dir-\d+/g, 'TEMP'))
}

function indexOf(lines: readonly string[], pattern: RegExp, from = 0): number {
  const at = lines.findIndex((line, index) => index >= from && pattern.test(line))
  assert.notEqual(at, -1, `${pattern} after ${from} in\n${lines.join('\n')}`)
  return at
}

const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
const skip = canTrace ? false : 'strace cannot trace here'

for (const driver of ['overlay', 'vfs'] as const) {
  test(
    `${driver}: content is on the disk before its record, and every record before the next step`,
    { skip },
    async () => {
      await using scratch = await scratchStore(driver)
      const lines = traced(scratch, driver, 'full')
      const synced = indexOf(lines, /syncfs/)
      const marked = indexOf(lines, /rename.*layers\.json"/)
      const content = indexOf(
        lines,
        driver === 'overlay' ? /rename.*\/graph\/overlay\/[0-9a-f]{64}"/ : /rename.*\/graph\/vfs\/dir\/[0-9a-f]{64}"/,
      )
      const tarSplit = indexOf(lines, /rename.*tar-split\.gz"/)
      const listed = indexOf(lines, /rename.*layers\.json"/, marked + 1)
      assert.ok(synced < marked && marked < content && marked < tarSplit && content < listed && tarSplit < listed)

      const before = (at: number): string =>
        lines.slice(0, at).findLast((line) => /fdatasync.*layers\.json/.test(line)) ?? ''
      assert.ok(lines.indexOf(before(marked)) > synced)
      assert.ok(lines.lastIndexOf(before(listed)) > content)
      const layersSynced = /fsync\(\d+<\/graph\/\w+-layers>/
      assert.ok(
        indexOf(lines, layersSynced, marked) < content,
        'the marked record is there for good before the content',
      )
      assert.ok(
        indexOf(lines, layersSynced, tarSplit) < listed,
        'the tar-split is in its place for good before it is listed',
      )
      indexOf(lines, layersSynced, listed)
      const home = driver === 'overlay' ? /fsync\(\d+<\/graph\/overlay>/ : /fsync\(\d+<\/graph\/vfs\/dir>/
      assert.ok(indexOf(lines, home, content) < listed, 'the content is in its place for good before it is listed')
    },
  )

  test(`${driver}: without durability the last text of the records is all that is waited for`, { skip }, async () => {
    await using scratch = await scratchStore(driver)
    const lines = traced(scratch, driver, 'none')
    const syncs = lines.filter((line) => /sync/.test(line) && !/rename/.test(line))
    assert.equal(syncs.filter((line) => /fdatasync.*layers\.json/.test(line)).length, 1)
    assert.deepEqual(
      syncs.filter((line) => /syncfs|fsync/.test(line)),
      [],
    )
  })
}
