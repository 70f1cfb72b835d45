import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const checkout = path.resolve(import.meta.dirname, '..')

export type DriverName = 'overlay' | 'vfs'

/** Debian's containers-storage, our drop-in, shale, and podman. */
export type Program = 'go' | 'dropIn' | 'shale' | 'podman'

/** What a program said and how it ended. */
export interface Answer {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

/** A store of its own in a temporary directory, and every program that works on it. Unmounted and removed when disposed. */
export interface Place extends Disposable {
  readonly directory: string
  readonly graph: string
  readonly run: string
  readonly driver: DriverName
  /** Debian's containers-storage. */
  readonly go: (...words: readonly string[]) => Answer
  /** Our drop-in. */
  readonly dropIn: (...words: readonly string[]) => Answer
  readonly shale: (...words: readonly string[]) => Answer
  readonly podman: (...words: readonly string[]) => Answer
  /** Any program; its command line may name `containers-storage:[…]` by `transport`. */
  readonly transport: string
  /** A command line, for those who run it in their own way: several at once, with a pipe, to be killed. */
  readonly command: (program: Program, words: readonly string[]) => readonly [string, readonly string[]]
}

export interface PlaceOptions {
  /** Below which directory; default the system's temporary one. */
  readonly below?: string
  readonly environment?: Readonly<Record<string, string>>
}

export function makePlace(driver: DriverName, options: PlaceOptions = {}): Place {
  const directory = mkdtempSync(path.join(options.below ?? tmpdir(), `shale-${driver}-`))
  const graph = path.join(directory, 'graph')
  const run = path.join(directory, 'run')
  const environment = options.environment ?? {}
  const original = ['-g', graph, '-R', run, '-s', driver]
  const ours = ['--root', graph, '--runroot', run, '--storage-driver', driver]
  const runtime = ['--runtime', '/usr/sbin/runc', '--cgroup-manager', 'cgroupfs']
  const programs: Readonly<Record<Program, readonly [string, readonly string[]]>> = {
    go: ['containers-storage', original],
    dropIn: [path.join(checkout, 'bin/containers-storage'), original],
    shale: [path.join(checkout, 'bin/shale'), [...ours, '--no-progress']],
    podman: ['podman', [...ours, '--tmpdir', path.join(directory, 'libpod'), ...runtime]],
  }
  const command: Place['command'] = (program, words) => {
    const [file, flags] = programs[program]
    return [file, [...flags, ...words]]
  }
  return {
    directory,
    graph,
    run,
    driver,
    go: (...words) => answer(...command('go', words), environment),
    dropIn: (...words) => answer(...command('dropIn', words), environment),
    shale: (...words) => answer(...command('shale', words), environment),
    podman: (...words) => answer(...command('podman', words), environment),
    command,
    transport: `containers-storage:[${driver}@${graph}+${run}]`,
    [Symbol.dispose]: () => removePlace(directory),
  }
}

/** Flags with which `podman run` works in a machine without cgroups and networks of its own. */
export const podmanRunFlags = [
  '--network',
  'none',
  '--ulimit',
  'nofile=1024:1024',
  '--ulimit',
  'nproc=1000:1000',
] as const

export function answer(
  program: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input?: Uint8Array,
): Answer {
  const result: SpawnSyncReturns<string> = spawnSync(program, words, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    // Nothing may hang: a test that waits for ever says nothing.
    timeout: 300_000,
    killSignal: 'SIGKILL',
    env: { ...process.env, ...environment },
    ...(input === undefined ? {} : { input }),
  })
  // A program that has seen enough of its input ends before it has read all of it.
  const readEnough = result.error !== undefined && 'code' in result.error && result.error.code === 'EPIPE'
  if (result.error !== undefined && !(readEnough && result.status !== null)) throw result.error
  return { stdout: result.stdout, stderr: result.stderr, status: result.status ?? 128 }
}

/** The output of a program that has to succeed. */
export function must(given: Answer): string {
  if (given.status !== 0) throw new Error(`exit status ${given.status}: ${given.stderr}${given.stdout}`)
  return given.stdout
}

/** The same without waiting, for several at once. */
export async function answerLater(program: string, words: readonly string[]): Promise<Answer> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const collect = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    return text
  }
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? (signal === null ? 128 : 137)))
  })
  const [stdout, stderr, status] = await Promise.all([collect(child.stdout), collect(child.stderr), ended])
  return { stdout, stderr, status }
}

function removePlace(directory: string): void {
  const mounts = spawnSync('sh', ['-c', 'cut -d" " -f5 /proc/self/mountinfo'], { encoding: 'utf8' }).stdout
  const below = mounts.split('\n').filter((mount) => mount.startsWith(`${directory}/`))
  for (const mount of below.toReversed()) spawnSync('umount', ['--lazy', mount])
  const removed = spawnSync('rm', ['-rf', '--one-file-system', directory], { encoding: 'utf8' })
  if (removed.status !== 0) throw new Error(`rm ${directory}: ${removed.stderr}`)
}
