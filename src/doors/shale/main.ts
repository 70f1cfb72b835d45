import { CommanderError } from 'commander'
import { exitCode } from './exit-code.ts'
import { buildProgram } from './program.ts'
import { remedyFor } from './remedy.ts'

/** Runs one command and sets the exit code; output that has been printed is flushed by leaving the process to end by itself. */
export async function main(words: readonly string[] = process.argv.slice(2)): Promise<void> {
  const interruption = listenForInterruption()
  const program = buildProgram(words, interruption)
  try {
    await program.parseAsync([...words], { from: 'user' })
  } catch (error) {
    process.exitCode = interruption.aborted ? interruptedCode : complain(error, words.includes('--debug'))
  }
}

const interruptedCode = 130

/** The first signal asks politely: what is half done is undone; what was done by then is done, and says so by its exit code. The second does not wait. */
function listenForInterruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(interruptedCode)
      process.stderr.write('\nshale: interrupted: undoing what is half done (once more to leave at once)\n')
      controller.abort(new Error('interrupted'))
    })
  }
  return controller.signal
}

function complain(error: unknown, debug: boolean): number {
  // `shale cat … | head` is no error: nobody reads any more.
  if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return 0
  // Commander has said it already, and `--help` ends this way too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`shale: ${message}\n`)
  const remedy = remedyFor(error)
  if (remedy !== undefined) process.stderr.write(`${remedy}\n`)
  if (debug) process.stderr.write(`${storyOf(error)}\n`)
  return exitCode(error)
}

function storyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\ncaused by: ${storyOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
