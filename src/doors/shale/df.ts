import { humanBytes, shortId, table } from './output.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addDf: AddCommand = (program, signal) =>
  program
    .command('df')
    .description('print what takes the space, and what would free it')
    .addHelpText('after', '\nUNIQUE is what removing the image frees; SHARED is needed by other images too.')
    .action(async (_options, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson, onProgress }) => {
        const { diskUsage } = await import('#store')
        const usage = await diskUsage(store, { signal, onProgress })
        if (globals.json) {
          printJson({
            images: usage.images.map(({ image, ...bytes }) => ({ id: image.id, names: image.names, ...bytes })),
            containers: usage.containers.map(({ container, bytes }) => ({
              id: container.id,
              names: container.names,
              bytes,
            })),
            unreferenced: usage.unreferenced,
            leftovers: usage.leftovers,
            total: usage.total,
          })
          return
        }
        const images = usage.images.map(({ image, unique, shared, containers }) => [
          shortId(image.id),
          humanBytes(unique),
          humanBytes(shared),
          String(containers),
          image.names[0] ?? '<none>',
        ])
        const containers = usage.containers.map(({ container, bytes }) => [
          shortId(container.id),
          humanBytes(bytes),
          container.names[0] ?? '',
        ])
        const rest = [
          ...usage.unreferenced.map(({ layer, bytes }) => [
            `layer ${shortId(layer)}`,
            humanBytes(bytes),
            'no image and no container uses it',
          ]),
          ...usage.leftovers.map(({ path, bytes }) => [
            path,
            humanBytes(bytes),
            'left by a crash; the next change of the store removes it',
          ]),
        ]
        print(table(['IMAGE ID', 'UNIQUE', 'SHARED', 'CONTAINERS', 'NAME'], images))
        if (containers.length > 0) print(`\n${table(['CONTAINER ID', 'SIZE', 'NAME'], containers)}`)
        if (rest.length > 0) print(`\n${table(['OTHER', 'SIZE', 'WHY'], rest)}`)
        print(`\nTotal: ${humanBytes(usage.total)}`)
        if (images.length + containers.length > 0) print('Free it with: shale rm CONTAINER, shale rmi IMAGE')
      })
    })
