import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One run of one side. */
export interface Run {
  readonly milliseconds: number
  readonly cpuMilliseconds: number
  readonly peakBytes: number
}

/** Somebody who can unpack a layer into a fresh directory. */
export interface Side {
  readonly name: string
  /** The side to compare it with. */
  readonly peer?: string
  /** Whether what it did is undone by removing the directory; otherwise this does it first. */
  readonly cleanUp?: (directory: string) => Promise<void>
  run(blob: string, directory: string): Promise<Run>
}

export function oursSide(program: string, driver: 'vfs' | 'overlay', durability: 'none' | 'full'): Side {
  return {
    name: `shale ${driver}${durability === 'full' ? ', durable' : ''}`,
    peer: `containers-storage ${driver}`,
    async run(blob, directory) {
      const { output } = await measured(process.execPath, [program, blob, driver, durability, directory])
      return JSON.parse(output)
    },
  }
}

/** Debian's tool: the layer's record is made before the clock runs. */
export function originalSide(driver: 'vfs' | 'overlay'): Side {
  const globals = (directory: string): readonly string[] => {
    const root = ['--graph', join(directory, 'root'), '--run', join(directory, 'run')]
    return [...root, '--storage-driver', driver]
  }
  return {
    name: `containers-storage ${driver}`,
    async run(blob, directory) {
      mkdirSync(directory)
      await measured('containers-storage', [...globals(directory), 'create-layer', '--id', 'bench'])
      const { run } = await measured('containers-storage', [
        ...globals(directory),
        'applydiff',
        '--file',
        blob,
        'bench',
      ])
      return run
    },
    async cleanUp(directory) {
      await measured('containers-storage', [...globals(directory), 'shutdown', '--force'])
    },
  }
}

export function tarSide(): Side {
  return {
    name: 'tar -xp',
    async run(blob, directory) {
      mkdirSync(directory)
      const { run } = await measured('tar', ['-xpf', blob, '-C', directory])
      return run
    },
  }
}

/** Time on the clock, and the most memory and CPU time of the process that were seen while it ran. */
async function measured(
  command: string,
  args: readonly string[],
): Promise<{ readonly run: Run; readonly output: string }> {
  const before = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const seen = { peakBytes: 0, cpuMilliseconds: 0 }
  const look = setInterval(() => Object.assign(seen, lookAt(child.pid ?? 0, seen)), 25)
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text.toString()))
  try {
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: exit ${code}`)
  } finally {
    clearInterval(look)
  }
  return { run: { milliseconds: performance.now() - before, ...seen }, output }
}

type Seen = Pick<Run, 'peakBytes' | 'cpuMilliseconds'>

function lookAt(pid: number, before: Seen): Seen {
  try {
    const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    // utime, stime and those of children that have ended, in hundredths of a second.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
    return { peakBytes: Math.max(before.peakBytes, peak), cpuMilliseconds: ticks * 10 }
  } catch {
    // The process has ended between two looks.
    return before
  }
}
