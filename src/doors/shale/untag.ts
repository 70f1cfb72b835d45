import { Fault, formatReference, parseLocalReference } from '#model'
import { getNamedImage } from './named.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addUntag: AddCommand = (program, signal) =>
  program
    .command('untag')
    .description('take names away from an image; without names, all of them. The image stays')
    .argument('<image>', 'by name, id, or the beginning of an id')
    .argument('[name...]', 'names to take away')
    .action(async (imageName: string, names: readonly string[], _options, command) => {
      await inSession(command, signal, async ({ store, globals, printJson }) => {
        const { removeNames, setNames } = await import('#store')
        const image = await getNamedImage(store, imageName)
        const options = { among: ['image'], signal } as const
        const taken = names.map((name) => (image.names.includes(name) ? name : localName(name)))
        const stranger = taken.find((name) => !image.names.includes(name))
        if (stranger !== undefined) throw new Fault({ code: 'image-unknown', image: stranger })
        const now =
          taken.length === 0
            ? await setNames(store, image.id, [], options)
            : await removeNames(store, image.id, taken, options)
        if (globals.json) printJson({ id: image.id, names: now })
      })
    })

/** In full: `work` becomes `localhost/work:latest`. */
function localName(text: string): string {
  return formatReference(parseLocalReference(text))
}
