import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const project = resolve(import.meta.dirname, '..')

/** What is measured is what is shipped: the command as a bundle, with the worker threads beside it. */
export function builtShale(): string {
  const { status } = spawnSync(process.execPath, [join(project, 'tools/build.mjs')], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the bundle cannot be built')
  return join(project, 'dist/shale.cjs')
}

export interface Run {
  readonly seconds: number
  readonly peakBytes: number
}

/** Time on the clock, and the most memory that the process was seen with. */
export async function measured(command: string, args: readonly string[]): Promise<Run> {
  const before = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let [peakBytes, said] = [0, '']
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  const look = setInterval(() => (peakBytes = Math.max(peakBytes, peakOf(child.pid ?? 0))), 25)
  try {
    const code = await new Promise<number | null>((done, failed) => child.on('error', failed).on('close', done))
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${code}\n${said}`)
  } finally {
    clearInterval(look)
  }
  return { seconds: (performance.now() - before) / 1000, peakBytes }
}

function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    // It has ended.
    return 0
  }
}

export interface Side {
  readonly name: string
  run(directory: string): Promise<Run>
}

/** Every side in turns, each into a directory of its own; between two runs the disk is quiet. */
export async function inTurns(
  sides: readonly Side[],
  rounds: number,
  scratch: string,
): Promise<ReadonlyMap<Side, Run[]>> {
  const runs = new Map<Side, Run[]>(sides.map((side) => [side, []]))
  for (let round = 1; round <= rounds; round += 1) {
    for (const [side, results] of runs) {
      await measured('sync', [])
      const run = await side.run(join(scratch, `${round}-${sides.indexOf(side)}`))
      results.push(run)
      console.error(`${round}/${rounds} ${side.name}: ${run.seconds.toFixed(2)} s`)
    }
  }
  return runs
}

/** A Markdown table; ratios are medians of pairs that ran one after the other, against the last side. */
export function table(runs: ReadonlyMap<Side, readonly Run[]>): string {
  const peer = [...runs].at(-1)
  const rows = [...runs].map(([side, results]) => {
    const ratios = results.map((run, round) => (peer?.[1][round]?.seconds ?? Number.NaN) / run.seconds)
    const seconds = results.map((run) => run.seconds)
    const peak = Math.max(...results.map((run) => run.peakBytes)) / 2 ** 20
    const spread = `${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)}`
    return `| ${side.name} | ${median(seconds).toFixed(2)} | ${spread} | ${median(ratios).toFixed(2)} × | ${peak.toFixed(0)} |`
  })
  return ['| side | seconds (median) | least–most | speed | peak MB |', '|---|---|---|---|---|', ...rows].join('\n')
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
