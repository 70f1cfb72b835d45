import type { Progress } from '#model'
import { humanBytes } from './output.ts'

/** Shows progress on the error stream: a line that is drawn over on a terminal, plain lines elsewhere. */
export interface ProgressDisplay extends Disposable {
  readonly report: (progress: Progress) => void
}

/** Chosen at the first report: opening the error stream takes time, and most commands have nothing to say there. */
export function progressOnErrorStream(): ProgressDisplay {
  let chosen: ProgressDisplay | undefined
  return {
    report: (progress) => {
      chosen ??= process.stderr.isTTY ? progressLine(process.stderr) : progressLines(process.stderr)
      chosen.report(progress)
    },
    [Symbol.dispose]: () => chosen?.[Symbol.dispose](),
  }
}

export const noProgress: ProgressDisplay = { report: () => undefined, [Symbol.dispose]: () => undefined }

const verbs: Readonly<Record<Progress['kind'], string>> = {
  reading: 'reading',
  unpacking: 'unpacking',
  writing: 'writing',
  syncing: 'syncing to disk',
  committing: 'committing',
  removing: 'removing',
}

/** For a terminal: one line, at most ten times a second, gone when disposed. */
function progressLine(stream: NodeJS.WriteStream): ProgressDisplay {
  const latest = new Map<string, Progress>()
  let drawnAt = 0
  const draw = (): void => {
    const width = Math.max(20, stream.columns - 1)
    stream.write(`\r\u001B[K${lineOf([...latest.values()]).slice(0, width)}`)
  }
  return {
    report: (progress) => {
      latest.set(`${progress.kind} ${itemOf(progress)}`, progress)
      const now = performance.now()
      if (now - drawnAt < 100) return
      drawnAt = now
      draw()
    },
    [Symbol.dispose]: () => {
      if (drawnAt > 0) stream.write('\r\u001B[K')
    },
  }
}

/** For a log: a line when a kind of work begins for something, and one when it is complete. */
function progressLines(stream: NodeJS.WritableStream): ProgressDisplay {
  const said = new Set<string>()
  const say = (line: string): void => {
    if (said.has(line)) return
    said.add(line)
    stream.write(`${line}\n`)
  }
  return {
    report: (progress) => {
      const what = `${verbs[progress.kind]}${itemOf(progress)}`
      if (progress.total !== undefined && progress.done >= progress.total)
        say(`${what}: ${amountOf(progress, progress.total)}, done`)
      else say(what)
    },
    [Symbol.dispose]: () => undefined,
  }
}

/** Sums what runs at once: `unpacking 3 of 8: 120 MB of 480 MB (25 %)`. */
function lineOf(all: readonly Progress[]): string {
  const kind =
    all.findLast((progress) => progress.total === undefined || progress.done < progress.total)?.kind ?? all.at(-1)?.kind
  if (kind === undefined) return ''
  const same = all.filter((progress) => progress.kind === kind)
  const done = same.reduce((sum, progress) => sum + progress.done, 0)
  const total = same.reduce((sum, progress) => sum + (progress.total ?? 0), 0)
  const finished = same.filter((progress) => progress.total !== undefined && progress.done >= progress.total).length
  const count = same.length > 1 ? ` ${finished}/${same.length}` : ''
  if (kind === 'syncing' || kind === 'committing' || kind === 'removing') return `${verbs[kind]} ${done}/${total}`
  if (total === 0) return `${verbs[kind]}${count}${done === 0 ? '' : `: ${humanBytes(done)}`}`
  const width = 24
  const filled = Math.min(width, Math.floor((done / total) * width))
  const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`
  return `${verbs[kind]}${count} ${bar} ${humanBytes(done)} of ${humanBytes(total)}`
}

function itemOf(progress: Progress): string {
  return 'item' in progress ? ` ${progress.item.replace(/^sha256:/, '').slice(0, 12)}` : ''
}

function amountOf(progress: Progress, count: number): string {
  return 'item' in progress ? humanBytes(count) : String(count)
}
