import { Command } from 'commander'
import { version } from '#model'
import { addGlobals } from './globals.ts'
import { addCat } from './cat.ts'
import { addCompletion } from './completion.ts'
import { addContainers } from './containers.ts'
import { addCreate } from './create.ts'
import { addDf } from './df.ts'
import { addDiff } from './diff.ts'
import { addImages } from './images.ts'
import { addInspect } from './inspect.ts'
import { addLayers } from './layers.ts'
import { addLs } from './ls.ts'
import { addMount } from './mount.ts'
import { addPull } from './pull.ts'
import { addSave } from './save.ts'
import { addCommit } from './commit.ts'
import { addRm } from './rm.ts'
import { addRmi } from './rmi.ts'
import { addStatus } from './status.ts'
import { addTag } from './tag.ts'
import { addTree } from './tree.ts'
import { addUnmount } from './unmount.ts'
import { addUntag } from './untag.ts'
import { addVersion } from './version.ts'

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

/** In the order in which the help lists them. */
const commands: readonly AddCommand[] = [
  addPull,
  addImages,
  addLayers,
  addContainers,
  addInspect,
  addTree,
  addLs,
  addCat,
  addDiff,
  addSave,
  addMount,
  addUnmount,
  addCreate,
  addCommit,
  addRm,
  addRmi,
  addTag,
  addUntag,
  addStatus,
  addDf,
  addVersion,
  addCompletion,
]
