import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addStatus: AddCommand = (program, signal) =>
  program
    .command('status')
    .description('print which store is used, and what its driver says of itself')
    .action(async (_options, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson }) => {
        const { status } = await import('#store')
        const pairs: readonly (readonly [string, string])[] = [
          ['Root', store.root],
          ['Run Root', store.runRoot],
          ['Driver Name', store.driver.name],
          ['Durability', store.durability],
          ...(await status(store)),
        ]
        if (globals.json) printJson(Object.fromEntries(pairs))
        else print(pairs.map(([key, value]) => `${key}: ${value}\n`).join(''))
      })
    })
