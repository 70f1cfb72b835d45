import { textOfLayerPath } from '#model'
import { getLayerOf } from './named.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

const letters = { modify: 'C', add: 'A', delete: 'D' } as const

export const addDiff: AddCommand = (program, signal) =>
  program
    .command('diff')
    .description('list what a container, an image or a layer changes: A added, C changed, D deleted')
    .argument('<name>', 'container, image or layer')
    .argument('[from]', 'what to compare with (default: the parent of its layer)')
    .option('--tar', 'write the changes as a tar to standard output')
    .addHelpText('after', '\nExamples:\n  shale diff work\n  shale diff --tar work > changes.tar')
    .action(async (name: string, from: string | undefined, options: { readonly tar?: boolean }, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson, onProgress }) => {
        const { changes, diff } = await import('#store')
        const layer = await getLayerOf(store, name)
        const comparison = { signal, ...(from === undefined ? {} : { from: await getLayerOf(store, from) }) }
        if (options.tar === true) {
          const { pipeline } = await import('node:stream/promises')
          await pipeline(
            await diff(store, layer, { ...comparison, compression: 'uncompressed', onProgress }),
            process.stdout,
            { signal, end: false },
          )
          return
        }
        const all: { readonly kind: string; readonly path: string }[] = []
        for await (const { kind, path } of changes(store, layer, comparison)) {
          const text = textOfLayerPath(path)
          if (globals.json) all.push({ kind, path: text })
          else print(`${letters[kind]} ${text}`)
        }
        if (globals.json) printJson(all)
      })
    })
