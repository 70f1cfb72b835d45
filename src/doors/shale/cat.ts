import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { layerPathOfText } from '#model'
import { getLayerOf } from './named.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addCat: AddCommand = (program, signal) =>
  program
    .command('cat')
    .description('print a file of an image, a container or a layer, without mounting it')
    .argument('<name>', 'image, container or layer')
    .argument('<path>', 'inside of it')
    .addHelpText('after', '\nExample:\n  shale cat debian /etc/os-release')
    .action(async (name: string, path: string, _options, command) => {
      await inSession(command, signal, async ({ store }) => {
        const { openMergedTree } = await import('#store')
        const fd = openMergedTree(store, await getLayerOf(store, name)).open(layerPathOfText(path))
        await pipeline(createReadStream('', { fd }), process.stdout, { signal, end: false })
      })
    })
