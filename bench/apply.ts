// How fast a layer of a gigabyte is unpacked, beside Debian's containers-storage and GNU tar:
//   node bench/apply.ts [--rounds N] [--megabytes N] [--codecs plain,gzip,zstd] [--scratch DIRECTORY]
// Prints a table in Markdown. Each round runs every side once, each into a directory of its own on a file system that is new
// for each codec; `settle` says what is done between two runs.
import { globSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { openBenchDisk, settle } from './apply-disk.ts'
import { type LayerCodec, makeBenchLayer } from './apply-layer.ts'
import { originalSide, oursSide, type Run, type Side, tarSide } from './apply-sides.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    megabytes: { type: 'string', default: '1080' },
    codecs: { type: 'string', default: 'plain,gzip,zstd' },
    scratch: { type: 'string', default: tmpdir() },
  },
})
const rounds = Number(values.rounds)
const project = resolve(import.meta.dirname, '..')
const layer = makeBenchLayer(join(project, '.cache/bench'), Number(values.megabytes))
const program = await builtProgram()
const sides: readonly Side[] = [
  oursSide(program, 'overlay', 'none'),
  originalSide('overlay'),
  oursSide(program, 'vfs', 'none'),
  originalSide('vfs'),
  tarSide(),
  oursSide(program, 'overlay', 'full'),
  oursSide(program, 'vfs', 'full'),
]

const rows: string[] = []
for (const codec of codecsOf(values.codecs)) rows.push(...(await compare(codec)))
console.log(
  `\n${layer.bytes} bytes, ${layer.entries} entries; medians of ${rounds} rounds; Node.js ${process.version}\n`,
)
console.log('| layer | side | seconds | against containers-storage | against tar | CPU seconds | peak MB |')
console.log('|---|---|---|---|---|---|---|')
for (const row of rows) console.log(row)

/** What is measured is what is shipped: a bundle, with the worker threads beside it. */
async function builtProgram(): Promise<string> {
  const outdir = join(project, '.cache/bench/built')
  const files = [join(import.meta.dirname, 'apply-ours.ts'), ...globSync(join(project, 'src/**/*-worker.ts'))]
  await build({
    entryPoints: Object.fromEntries(files.map((file) => [basename(file, '.ts'), file])),
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: ['koffi'],
    logLevel: 'warning',
  })
  return join(outdir, 'apply-ours.js')
}

async function compare(codec: LayerCodec): Promise<readonly string[]> {
  using disk = openBenchDisk(values.scratch, layer.bytes * (sides.length * rounds + 3) * 1.15)
  const runs = new Map<Side, Run[]>(sides.map((side) => [side, []]))
  const cleanUps: (() => Promise<void>)[] = []
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const [side, results] of runs) {
        const directory = join(disk.directory, `${round}-${cleanUps.length}`)
        settle(disk.directory, layer.bytes * 1.5)
        cleanUps.push(async () => side.cleanUp?.(directory))
        const run = await side.run(layer[codec], directory)
        results.push(run)
        console.error(`${codec} ${round}/${rounds} ${side.name}: ${(run.milliseconds / 1000).toFixed(2)} s`)
      }
    }
  } finally {
    for (const cleanUp of cleanUps) await cleanUp()
  }
  return [...runs].map(([side, results]) => tableRow(codec, side, results, runs))
}

function tableRow(codec: string, side: Side, results: readonly Run[], all: ReadonlyMap<Side, readonly Run[]>): string {
  const against = (name: string): string => {
    const peer = [...all].find(([other]) => other.name === name)
    if (peer === undefined || side.peer === undefined) return ''
    // Of pairs that ran in one round: what slows the machine for a while slows both.
    const ratios = results.map((run, round) => (peer[1][round]?.milliseconds ?? Number.NaN) / run.milliseconds)
    return `${median(ratios).toFixed(2)} ×`
  }
  const cells = [
    codec,
    side.name,
    (median(results.map((run) => run.milliseconds)) / 1000).toFixed(2),
    against(side.peer ?? ''),
    against('tar -xp'),
    (median(results.map((run) => run.cpuMilliseconds)) / 1000).toFixed(2),
    (Math.max(...results.map((run) => run.peakBytes)) / 2 ** 20).toFixed(0),
  ]
  return `| ${cells.join(' | ')} |`
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

function codecsOf(text: string): readonly LayerCodec[] {
  return text.split(',').map((name) => {
    if (name !== 'plain' && name !== 'gzip' && name !== 'zstd') throw new Error(`--codecs: ${name}`)
    return name
  })
}
