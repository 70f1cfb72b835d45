// Runs the tests of the checkout: `npm test [-- FILE-OR-FOLDER…]`. Closes with a count, and with the reason of every skip.
import { spawnSync } from 'node:child_process'
import { globSync, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { ensureTools, imageBuilders, peers, testTools } from './debian-packages.ts'

const root = path.resolve(import.meta.dirname, '..')
process.chdir(root)
const cache = path.join(root, 'node_modules/.cache/compile')
mkdirSync(cache, { recursive: true })
process.env['NODE_COMPILE_CACHE'] = cache

const chosen = process.argv.slice(2)
const files = (chosen.length > 0 ? chosen : ['src', 'test']).flatMap((place) =>
  statSync(place).isDirectory() ? globSync(`${place}/**/*.test.ts`) : [place],
)

if (process.argv.length === 2) {
  for (const [name, ...command] of [
    ['types', 'tsc', '--noEmit'],
    ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
    ['format', 'oxfmt', '--check'],
    // Tests start the commands hundreds of times, and the bundle starts faster than the sources.
    ['build', 'node', 'tools/build.mjs'],
  ] as const) {
    const [program, ...words] = command
    const result = spawnSync(path.join('node_modules/.bin', program ?? ''), words, { stdio: 'inherit' })
    if (result.status !== 0) {
      console.error(`${name}: failed`)
      process.exit(1)
    }
  }
}

ensureTools([...peers, ...imageBuilders, ...testTools])

const totals = { passed: 0, failed: 0, skipped: 0 }
const skips: string[] = []
const events = run({ files: files.toSorted(), concurrency: 2, timeout: 15 * 60_000 })
events.on('test:pass', (event) => {
  if (event.details.type === 'suite') return
  if (event.skip === undefined && event.todo === undefined) totals.passed += 1
  else {
    totals.skipped += 1
    skips.push(`${event.name}: ${typeof event.skip === 'string' && event.skip !== '' ? event.skip : 'no reason given'}`)
  }
})
events.on('test:fail', (event) => {
  if (event.details.type !== 'suite') totals.failed += 1
})
events.compose(new spec()).pipe(process.stdout)
events.on('end', () => {
  // Behind the reporter's own summary, which is still being written.
  setImmediate(() => {
    for (const skip of skips) console.log(`skipped: ${skip}`)
    console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
    process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0
  })
})
