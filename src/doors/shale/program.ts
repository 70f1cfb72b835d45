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

/** With all commands, or with those that stand in the words: describing a command takes time, and one is run. */
export function buildProgram(words: readonly string[], signal: AbortSignal): Command {
  const program = addGlobals(new Command('shale'))
    .description(
      'Container layers, images and containers on disk, in the format that Podman, Buildah, CRI-O and Skopeo share.',
    )
    .version(version, '-v, --version', 'print the version')
    .exitOverride()
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: false })
  const named = words.includes('completion')
    ? []
    : words.flatMap((word) => (Object.hasOwn(commands, word) ? (commands[word] ?? []) : []))
  for (const add of new Set(named.length > 0 ? named : Object.values(commands))) {
    addGlobals(add(program, signal)).exitOverride().showSuggestionAfterError()
  }
  return program
}

/** In the order in which the help lists them. */
const commands: Readonly<Record<string, AddCommand>> = {
  pull: addPull,
  images: addImages,
  layers: addLayers,
  containers: addContainers,
  inspect: addInspect,
  tree: addTree,
  ls: addLs,
  cat: addCat,
  diff: addDiff,
  save: addSave,
  mount: addMount,
  unmount: addUnmount,
  umount: addUnmount,
  create: addCreate,
  commit: addCommit,
  rm: addRm,
  rmi: addRmi,
  tag: addTag,
  untag: addUntag,
  status: addStatus,
  df: addDf,
  version: addVersion,
  completion: addCompletion,
}
