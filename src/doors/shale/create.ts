import { getNamedImage } from './named.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addCreate: AddCommand = (program, signal) =>
  program
    .command('create')
    .description('make a container of an image: a writable layer on top of it. Nothing is copied')
    .argument('<image>', 'by name, id, or the beginning of an id')
    .argument('[name]', 'of the container')
    .addHelpText('after', '\nExample:\n  shale create debian work && cd $(shale mount work)')
    .action(async (imageName: string, name: string | undefined, _options, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson }) => {
        const { createContainer } = await import('#store')
        const image = await getNamedImage(store, imageName)
        const container = await createContainer(
          store,
          { image: image.id, ...(name === undefined ? {} : { names: [name] }) },
          { signal },
        )
        if (globals.json)
          printJson({
            id: container.id,
            names: container.names,
            image: container.image,
            layer: container.layer,
            created: container.created,
          })
        else print(container.id)
      })
    })
