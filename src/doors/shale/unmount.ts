import { getNamed } from './named.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addUnmount: AddCommand = (program, signal) =>
  program
    .command('unmount')
    .alias('umount')
    .description('give mounts back')
    .argument('[name...]', 'containers or images')
    .option('-a, --all', 'everything that is mounted')
    .option('-f, --force', 'also where it was mounted several times')
    .action(
      async (names: readonly string[], options: { readonly all?: boolean; readonly force?: boolean }, command) => {
        if (names.length === 0 && options.all !== true) command.error('error: name what to unmount, or say --all')
        await inSession(command, signal, async ({ store, globals, note, print, printJson }) => {
          const { listAll, unmountImage, unmountLayer } = await import('#store')
          const how = options.force === true || options.all === true ? 'completely' : 'once'
          const left: { readonly name: string; readonly state: 'mounted' | 'unmounted' }[] = []
          if (options.all === true) {
            for (const layer of (await listAll(store, { signal })).mounts.keys()) {
              left.push({ name: layer, state: await unmountLayer(store, layer, { how, signal }) })
            }
          }
          for (const name of names) {
            const { kind, record } = await getNamed(store, name)
            const unmount = kind === 'image' ? unmountImage : unmountLayer
            left.push({ name, state: await unmount(store, record.id, { how, signal }) })
          }
          if (globals.json) printJson(left)
          else print(left.map(({ name }) => `${name}\n`).join(''))
          for (const { name, state } of left)
            if (state === 'mounted') note(`${name} was mounted more than once, and still is mounted for the others`)
        })
      },
    )
