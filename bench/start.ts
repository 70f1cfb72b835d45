// How long a command takes that does next to nothing: `shale layers` on a small store, as built, beside an empty Node.js program and the
// Go tool: node bench/start.ts [--rounds N]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fixture } from '../test/fixtures/fixture.ts'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '31' } } })
const root = join(import.meta.dirname, '..')
const directory = mkdtempSync(join(tmpdir(), 'shale-bench-start-'))
const store = ['--root', join(directory, 'G'), '--runroot', join(directory, 'R'), '--storage-driver', 'vfs']

try {
  must(process.execPath, [join(root, 'tools/build.mjs')])
  const built = join(root, 'dist/shale.cjs')
  must(process.execPath, [built, ...store, 'pull', (await fixture('tiny')).source])
  const empty = join(directory, 'empty.mjs')
  writeFileSync(empty, '')
  const sides = [
    { name: 'empty Node.js program', command: [process.execPath, empty] },
    { name: 'shale layers (built)', command: [process.execPath, built, ...store, 'layers'] },
    { name: 'bin/shale layers', command: [join(root, 'bin/shale'), ...store, 'layers'] },
    {
      name: 'containers-storage layers (Go)',
      command: ['containers-storage', '-g', join(directory, 'G'), '-R', join(directory, 'R'), '-s', 'vfs', 'layers'],
    },
  ].map((side) => ({ ...side, times: [] as number[] }))
  for (const { command } of sides) must(...split(command))
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const side of sides) {
      const started = performance.now()
      must(...split(side.command))
      side.times.push(performance.now() - started)
    }
  }
  const base = median(sides[0]?.times ?? [])
  console.log(`\nStart, ${values.rounds} rounds in turns, Node.js ${process.version}\n`)
  console.log('| side | median ms | against an empty program |\n|---|---|---|')
  for (const { name, times } of sides)
    console.log(`| ${name} | ${median(times).toFixed(1)} | ${(median(times) / base).toFixed(2)} × |`)
} finally {
  rmSync(directory, { recursive: true, force: true })
}

function split([program = '', ...words]: readonly string[]): [program: string, words: readonly string[]] {
  return [program, words]
}

function must(program: string, words: readonly string[]): void {
  const { status, stderr } = spawnSync(program, words, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stderr}`)
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}
