import type { DeletedImage } from '#store'
import { forEachName } from './for-each-name.ts'
import { getNamedImage } from './named.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addRmi: AddCommand = (program, signal) =>
  program
    .command('rmi')
    .description('remove images, and the layers that nothing else needs')
    .argument('<image...>', 'by name, id, or the beginning of an id')
    .option('--dry-run', 'print what would go, and change nothing')
    .addHelpText(
      'after',
      '\nGiven one of several names of an image, only that name is taken away; `shale untag` says so more clearly.',
    )
    .action(async (names: readonly string[], options: { readonly dryRun?: boolean }, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson, onProgress }) => {
        const { deleteImage, removeNames } = await import('#store')
        const removed: (DeletedImage | { readonly image: string; readonly untagged: readonly string[] })[] = []
        await forEachName(names, async (name) => {
          const image = await getNamedImage(store, name)
          const meant = image.names.filter(
            (other) => other === name || other.endsWith(`/${name}`) || other.endsWith(`/${name}:latest`),
          )
          if (meant.length > 0 && image.names.length > meant.length) {
            if (options.dryRun !== true) await removeNames(store, image.id, meant, { among: ['image'], signal })
            removed.push({ image: image.id, untagged: meant })
            if (!globals.json) print(meant.map((other) => `Untagged: ${other}\n`).join(''))
            return
          }
          const deleted = await deleteImage(store, image.id, {
            mode: options.dryRun === true ? 'plan' : 'execute',
            signal,
            onProgress,
          })
          removed.push(deleted)
          const untagged = image.names.map((other) => `Untagged: ${other}\n`).join('')
          if (!globals.json)
            print(
              globals.quiet
                ? deleted.image
                : `${untagged}Deleted: ${deleted.image}\n${deleted.layers.map((layer) => `Deleted layer: ${layer}\n`).join('')}`,
            )
        })
        if (globals.json) printJson(removed)
      })
    })
