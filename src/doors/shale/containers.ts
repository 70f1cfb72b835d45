import { nanosecondsOfTimestamp } from '#model'
import { humanAge, shortId, table } from './output.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addContainers: AddCommand = (program, signal) =>
  program
    .command('containers')
    .description('list containers, those that other tools made too')
    .option('--no-trunc', 'print whole ids')
    .action(async (options: { readonly trunc: boolean }, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson }) => {
        const { listAll } = await import('#store')
        const { images, containers, mounts } = await listAll(store, { signal })
        const imageName = (id: string | undefined): string => {
          const image = images.find((other) => other.id === id)
          return image?.names[0] ?? (id === undefined ? '' : shortId(id))
        }
        if (globals.json) {
          printJson(
            containers.map(({ id, names, image, layer, created, flags }) => ({
              id,
              names,
              image,
              imageName: imageName(image),
              layer,
              created,
              flags,
              mount: mounts.get(layer),
            })),
          )
          return
        }
        const id = (text: string): string => (options.trunc ? shortId(text) : text)
        if (globals.quiet) {
          print(containers.map((container) => `${id(container.id)}\n`).join(''))
          return
        }
        const rows = containers.map((container) => [
          id(container.id),
          imageName(container.image),
          humanAge(Date.now() - Number(nanosecondsOfTimestamp(container.created) / 1_000_000n)),
          container.names.join(' '),
          mounts.get(container.layer)?.path ?? '',
        ])
        print(table(['CONTAINER ID', 'IMAGE', 'CREATED', 'NAMES', 'MOUNTED AT'], rows))
      })
    })
