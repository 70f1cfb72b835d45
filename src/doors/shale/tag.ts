import { formatReference, parseLocalReference } from '#model'
import { getNamedImage } from './named.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addTag: AddCommand = (program, signal) =>
  program
    .command('tag')
    .description('give an image more names; a name that another image bears moves over')
    .argument('<image>', 'by name, id, or the beginning of an id')
    .argument('<name...>', 'new names: without a host they are of localhost, without a tag they are latest')
    .action(async (imageName: string, names: readonly string[], _options, command) => {
      await inSession(command, signal, async ({ store, globals, printJson }) => {
        const { addNames } = await import('#store')
        const image = await getNamedImage(store, imageName)
        const now = await addNames(store, image.id, names.map(localName), { among: ['image'], signal })
        if (globals.json) printJson({ id: image.id, names: now })
      })
    })

/** In full: `work` becomes `localhost/work:latest`. */
function localName(text: string): string {
  return formatReference(parseLocalReference(text))
}
