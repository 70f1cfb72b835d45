import type { Command } from 'commander'
import { printText } from '#ground/bytes'
import type { Progress } from '#model'
import type { Store } from '#store'
import { globalsOf, type Globals } from './globals.ts'
import { noProgress, progressOnErrorStream } from './progress-display.ts'

/** What every command of this door is given: the opened store, and how to speak. */
export interface Session {
  readonly store: Store
  readonly globals: Globals
  readonly signal: AbortSignal
  /** Text for people. */
  readonly print: (text: string) => void
  /** One JSON value and a newline. */
  readonly printJson: (value: unknown) => void
  /** For the error stream: what a person should know and a program should not have to parse. Not with `--quiet`. */
  readonly note: (text: string) => void
  readonly onProgress: (progress: Progress) => void
}

/** Opens the store that the options name, runs the body, and gives everything back whatever happens. */
export async function inSession(
  command: Command,
  signal: AbortSignal,
  body: (session: Session) => Promise<void>,
): Promise<void> {
  const globals = globalsOf(command)
  const { openStore } = await import('#wiring')
  await using store = await openStore({
    ...(globals.root === undefined ? {} : { graphRoot: globals.root }),
    ...(globals.runroot === undefined ? {} : { runRoot: globals.runroot }),
    ...(globals.storageDriver === undefined ? {} : { driver: globals.storageDriver }),
    ...(globals.storageOpt.length === 0 ? {} : { driverOptions: globals.storageOpt }),
    durability: globals.durability,
    onLockWait: ({ path, since, pid, command }) => {
      const holder =
        pid === undefined ? 'another process' : `process ${pid}${command === undefined ? '' : ` (${command})`}`
      const seconds = Math.round((Date.now() - since.getTime()) / 1000)
      process.stderr.write(`shale: waiting for ${seconds} s: ${holder} holds ${path} (Ctrl-C gives up)\n`)
    },
    onWarning: (warning) => {
      if (!globals.quiet) process.stderr.write(`shale: ${warning}\n`)
    },
  })
  using display = globals.quiet || !globals.progress ? noProgress : progressOnErrorStream()
  return await body({
    store,
    globals,
    signal,
    print: (text) => printText(text.endsWith('\n') || text === '' ? text : `${text}\n`),
    printJson: (value) => printText(`${JSON.stringify(value)}\n`),
    note: (text) => {
      if (!globals.quiet) process.stderr.write(`${text}\n`)
    },
    onProgress: display.report,
  })
}
