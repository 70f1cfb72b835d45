import { printText } from '#ground/bytes'
import { openStore } from '#wiring'
import type { Command } from './command.ts'
import { commands } from './commands.ts'
import { type Flag, FlagValues, parseFlags } from './flags.ts'
import { globalFlags } from './global-flags.ts'
import { chooseStore } from './store-choice.ts'
import { commandUsage, optionList, programUsage } from './usage.ts'

const program = 'containers-storage'
const help: Flag = { long: ['help'], kind: 'boolean', usage: 'Print usage' }
const none = new FlagValues(new Map())

/** Runs one command as the original would, and sets the exit code (spec/cli §1). */
export async function main(words: readonly string[] = process.argv.slice(2)): Promise<void> {
  process.exitCode = await run(words)
}

async function run(words: readonly string[]): Promise<number> {
  const parsed = parseFlags(words, [...globalFlags, help])
  if (parsed.kind === 'help') return refuseShortHelp()
  if (parsed.kind === 'bad') return refuseGlobalFlag(parsed.problem)
  if (parsed.flags.on('help')) return showHelp(parsed.flags)
  const [name, ...rest] = parsed.words
  if (name === undefined) return showProgramUsage(parsed.flags)

  const command = commands.find(({ names }) => names.includes(name))
  if (command === undefined) {
    print(`${name}: unrecognized command.`)
    return 1
  }
  return await runCommand({ name, command, words: rest, before: parsed.flags })
}

interface NamedCall {
  readonly name: string
  readonly command: Command
  readonly words: readonly string[]
  readonly before: FlagValues
}

async function runCommand({ name, command, words, before }: NamedCall): Promise<number> {
  const known = [...globalFlags, ...command.flags]
  const parsed = parseFlags(words, known, before)
  if (parsed.kind === 'bad') {
    complain(`${parsed.problem}\nSee '${program} ${name} --help'.`)
    return 125
  }
  const showUsage = async (): Promise<void> => {
    print(commandUsage(name, command))
    complain(
      optionList(known, await withDefaults(parsed.kind === 'parsed' ? parsed.flags : before), process.env['HOME']),
    )
  }
  if (parsed.kind === 'help') {
    await showUsage()
    return 125
  }
  if (parsed.words.length < command.words.least) {
    print(`${name}: more arguments required.`)
    await showUsage()
    return 1
  }
  if (parsed.words.length > command.words.most) {
    print(`${name}: too many arguments ([${parsed.words.join(' ')}]).`)
    await showUsage()
    return 1
  }
  return await withStore(command, parsed.flags, parsed.words)
}

async function withStore(command: Command, flags: FlagValues, words: readonly string[]): Promise<number> {
  const interruption = listenForInterruption()
  let opened: Awaited<ReturnType<typeof openStore>>
  try {
    opened = await openStore({ configuration: await chooseStore(flags) })
  } catch (error) {
    print(`error initializing: ${messageOf(error)}`)
    return 1
  }
  await using store = opened
  try {
    return await command.run({ store, flags, words, print, complain, signal: interruption })
  } catch (error) {
    complain(messageOf(error))
    return 1
  }
}

/** The values that hold where a flag was not given, for the list of options. */
async function withDefaults(flags: FlagValues): Promise<FlagValues> {
  const chosen = await chooseStore(flags).catch((error: unknown) => {
    complain(messageOf(error))
    return undefined
  })
  if (chosen === undefined) return flags
  return new FlagValues(
    new Map([
      ...flags.entries(),
      ['graph', chosen.graphRoot],
      ['run', chosen.runRoot],
      ['storage-driver', chosen.driver ?? ''],
      ['storage-opt', chosen.driverOptions],
    ]),
  )
}

function showProgramUsage(values: FlagValues): number {
  print(programUsage(commands))
  complain(optionList(globalFlags, values))
  return 1
}

/** What was asked for goes to standard output, the list of options too. */
function showHelp(values: FlagValues): number {
  const others = new Map([...values.entries()].filter(([name]) => name !== 'help'))
  print(`${programUsage(commands)}\n${optionList([...globalFlags, help], new FlagValues(others))}`)
  return 0
}

function refuseGlobalFlag(problem: string): number {
  print(`${problem} while parsing arguments (1)`)
  print(programUsage(commands))
  complain(`${problem}\nSee '${program} --help'.\n${optionList([...globalFlags, help], none)}`)
  return 1
}

function refuseShortHelp(): number {
  print(`${programUsage(commands)}\nflag: help requested while parsing arguments (1)\n${programUsage(commands)}`)
  complain(`${optionList([...globalFlags, help], none)}\n${optionList([...globalFlags, help], none)}`)
  return 1
}

function listenForInterruption(): AbortSignal {
  const controller = new AbortController()
  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(128 + number)
      controller.abort(new Error('interrupted'))
    })
  }
  return controller.signal
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function print(line: string): void {
  printText(`${line}\n`)
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`)
}
