import { contentOf, type Layer, nanosecondsOfTimestamp } from '#model'
import { humanAge, humanBytes, shortId, table } from './output.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addLayers: AddCommand = (program, signal) =>
  program
    .command('layers')
    .description('list layers, and who uses them')
    .option('--no-trunc', 'print whole ids')
    .addHelpText('after', '\nExamples:\n  shale layers\n  shale layers --json | jq ".[] | select(.images == [])"')
    .action(async (options: { readonly trunc: boolean }, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson }) => {
        const { listAll } = await import('#store')
        const { layers, images, containers, mounts } = await listAll(store, { signal })
        const usersOf = (layer: Layer): readonly string[] => [
          ...images
            .filter((image) => image.layer === layer.id || image.mappedLayers.includes(layer.id))
            .map((image) => image.names[0] ?? shortId(image.id)),
          ...containers
            .filter((container) => container.layer === layer.id)
            .map((container) => container.names[0] ?? shortId(container.id)),
        ]
        if (globals.json) {
          printJson(
            layers.map((layer) => {
              const {
                id,
                names,
                parent,
                created,
                compression,
                diffId,
                diffSize,
                compressedDigest,
                compressedSize,
                tocDigest,
                bigDataNames,
              } = layer
              const mount = mounts.get(id)
              return {
                id,
                names,
                parent,
                created,
                compression,
                diffId,
                diffSize,
                compressedDigest,
                compressedSize,
                tocDigest,
                bigDataNames,
                images: images
                  .filter((image) => image.layer === id || image.mappedLayers.includes(id))
                  .map((image) => image.id),
                containers: containers.filter((container) => container.layer === id).map((container) => container.id),
                ...(mount === undefined ? {} : { mount }),
              }
            }),
          )
          return
        }
        const id = (text: string): string => (options.trunc ? shortId(text) : text)
        if (globals.quiet) {
          print(layers.map((layer) => `${id(layer.id)}\n`).join(''))
          return
        }
        const rows = layers.map((layer) => [
          id(layer.id),
          layer.parent === undefined ? '' : id(layer.parent),
          humanAge(Date.now() - Number(nanosecondsOfTimestamp(layer.created) / 1_000_000n)),
          sizeText(layer),
          [...layer.names, ...usersOf(layer)].join(' '),
        ])
        print(table(['LAYER ID', 'PARENT', 'CREATED', 'SIZE', 'TOP OF'], rows))
      })
    })

function sizeText(layer: Layer): string {
  const content = contentOf(layer)
  return content.kind === 'none' || content.diffSize === undefined ? '' : humanBytes(content.diffSize)
}
