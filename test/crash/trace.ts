import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { answer, type Answer, type Place } from '../place.ts'

export const shale: string = path.resolve(import.meta.dirname, '../../bin/shale')

/** The words that bring a program to a place's store. */
export function wordsFor(place: Place, words: readonly string[]): readonly string[] {
  return ['--root', place.graph, '--runroot', place.run, '--storage-driver', place.driver, '--quiet', ...words]
}

/** One system call, as strace saw it: it was under way from line `begin` to line `end` of what all threads did. */
export interface Call {
  readonly thread: number
  readonly name: string
  /** With the paths behind descriptors, as strace -y writes them. */
  readonly arguments: string
  readonly result: string
  readonly begin: number
  readonly end: number
}

/** Runs shale under strace, to its end. */
export function traceShale(
  place: Place,
  ...words: readonly string[]
): { readonly given: Answer; readonly calls: readonly Call[] } {
  const log = path.join(place.directory, 'trace')
  const options = ['-f', '--seccomp-bpf', '-y', '-s', '0', '-e', 'trace=%file,%desc', '-o', log]
  const given = answer('strace', [...options, shale, ...wordsFor(place, words)])
  return { given, calls: parseTrace(readFileSync(log, 'utf8')) }
}

/** What `strace -f` wrote, in the order in which the calls began. */
export function parseTrace(log: string): readonly Call[] {
  const calls: Call[] = []
  const waiting = new Map<number, { readonly name: string; readonly text: string; readonly begin: number }>()
  for (const [line, text] of log.split('\n').entries()) {
    const [, threadText = '', rest = ''] = /^(\d+) +(.*)$/.exec(text) ?? []
    const thread = Number(threadText)
    const unfinished = /^(\w+)\((.*) <unfinished \.\.\.>$/.exec(rest)
    if (unfinished) {
      waiting.set(thread, { name: unfinished[1] ?? '', text: unfinished[2] ?? '', begin: line })
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    const before = resumed === null ? undefined : waiting.get(thread)
    const whole = before === undefined ? rest : `${before.name}(${before.text}${resumed?.[1] ?? ''}`
    const [, name, given, result] = /^(\w+)\((.*)\) += (.*)$/.exec(whole) ?? []
    if (name === undefined) continue
    waiting.delete(thread)
    calls.push({ thread, name, arguments: given ?? '', result: result ?? '', begin: before?.begin ?? line, end: line })
  }
  return calls.toSorted((a, b) => a.begin - b.begin)
}

export function succeeded({ result }: Call): boolean {
  return !result.startsWith('-1')
}

/** The path behind the call's first descriptor: `5</a/b>` → `/a/b`. */
export function pathOfDescriptor(call: Call): string {
  return /^\d+<(.*?)>/.exec(call.arguments)?.[1] ?? ''
}

/** From and to of a rename or a link, each made absolute by the directory it is relative to. */
export function twoPaths(call: Call): readonly [from: string, to: string] {
  const found = [...call.arguments.matchAll(/(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g)]
  const [from = '', to = ''] = found.map(([, directory = '', name = '']) =>
    name.startsWith('/') ? name : `${directory}/${name}`,
  )
  return [from, to]
}

export const isTraceable: boolean = spawnSync('strace', ['-f', '--seccomp-bpf', '-o', '/dev/null', 'true']).status === 0
