import { getNamed } from './named.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addCommit: AddCommand = (program, signal) =>
  program
    .command('commit')
    .description('make an image of what a container changed')
    .argument('<container>', 'by name, id, or the beginning of an id')
    .argument('<name>', 'of the image: without a host it is of localhost, without a tag it is latest')
    .option('-m, --message <text>', 'for the history of the image')
    .option('--author <name>', 'for the history of the image')
    .action(
      async (
        name: string,
        imageName: string,
        options: { readonly message?: string; readonly author?: string },
        command,
      ) => {
        await inSession(command, signal, async ({ store, globals, print, printJson, onProgress }) => {
          const { commitContainer } = await import('#pull')
          const { record } = await getNamed(store, name)
          const image = await commitContainer(store, record.id, imageName, {
            signal,
            onProgress,
            comment: options.message,
            author: options.author,
          })
          if (globals.json) printJson({ id: image.id, names: image.names, layer: image.layer, digest: image.digest })
          else print(image.id)
        })
      },
    )
