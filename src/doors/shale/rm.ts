import type { AddCommand } from './program.ts'
import { forEachName } from './for-each-name.ts'
import { inSession } from './session.ts'

export const addRm: AddCommand = (program, signal) =>
  program
    .command('rm')
    .description('remove containers, with what was written in them')
    .argument('<container...>', 'by name, id, or the beginning of an id')
    .action(async (names: readonly string[], _options, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson }) => {
        const { deleteContainer, getContainer } = await import('#store')
        const removed: string[] = []
        await forEachName(names, async (name) => {
          const { id } = await getContainer(store, name, { signal })
          await deleteContainer(store, id, { signal })
          removed.push(id)
          if (!globals.json) print(id)
        })
        if (globals.json) printJson(removed)
      })
    })
