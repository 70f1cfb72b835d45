import { Command } from 'commander'
import { version } from '#model'
import { addGlobals } from './globals.ts'

/** Adds one command to the program. What is heavy is imported when the command runs. */
export type AddCommand = (program: Command, signal: AbortSignal) => Command

export function buildProgram(signal: AbortSignal): Command {
  const program = addGlobals(new Command('shale'))
    .description(
      'Container layers, images and containers on disk, in the format that Podman, Buildah, CRI-O and Skopeo share.',
    )
    .version(version, '-v, --version', 'print the version')
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: false })
  for (const add of commands) {
    addGlobals(add(program, signal)).exitOverride().showSuggestionAfterError()
  }
  return program
}

const commands: readonly AddCommand[] = []
