import { contentOf, type Layer } from '#model'
import { readConfig } from './image-config.ts'
import { chainOf, imageSizesOf } from './image-sizes.ts'
import { getNamedImage } from './named.ts'
import { humanBytes, shortId } from './output.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addTree: AddCommand = (program, signal) =>
  program
    .command('tree')
    .description('print the layers of an image, bottom first: how big, where from, and who else stands on them')
    .argument('<image>', 'by name, id, or the beginning of an id')
    .action(async (name: string, _options, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson }) => {
        const { listAll } = await import('#store')
        const image = await getNamedImage(store, name)
        const all = await listAll(store, { signal })
        const chain = chainOf(new Map(all.layers.map((layer) => [layer.id, layer])), image.layer).toReversed()
        const commands = ((await readConfig(store, image))?.history ?? [])
          .filter((step) => step.empty_layer !== true)
          .map((step) => step.created_by ?? step.comment ?? '')
        const others = (layer: Layer): readonly string[] =>
          all.images
            .filter((other) => other.id !== image.id && other.layer === layer.id)
            .map((other) => other.names[0] ?? shortId(other.id))
        const size = imageSizesOf({ layers: all.layers, images: [image] }).get(image.id)
        const rows = chain.map((layer, index) => ({ layer, createdBy: commands[index] ?? '', topOf: others(layer) }))
        if (globals.json) {
          printJson({
            id: image.id,
            names: image.names,
            size,
            layers: rows.map(({ layer, createdBy, topOf }) => ({
              id: layer.id,
              ...contentOf(layer),
              createdBy,
              topOf,
            })),
          })
          return
        }
        print(
          `${image.names.join(', ') || '<none>'}\nImage ID: ${shortId(image.id)}\nSize: ${size === undefined ? 'unknown' : humanBytes(size)}`,
        )
        const lines = rows.map(({ layer, createdBy, topOf }, index) => {
          const branch = index === rows.length - 1 ? '└──' : '├──'
          const users = topOf.length === 0 ? '' : `  top of ${topOf.join(', ')}`
          return `${branch} ${shortId(layer.id)}  ${sizeText(layer).padStart(8)}${users}  ${createdBy.replaceAll(/\s+/g, ' ').slice(0, 60)}`.trimEnd()
        })
        print(lines.map((line) => `${line}\n`).join(''))
      })
    })

function sizeText(layer: Layer): string {
  const content = contentOf(layer)
  return content.kind === 'none' || content.diffSize === undefined ? '?' : humanBytes(content.diffSize)
}
