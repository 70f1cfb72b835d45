import { formatLayer } from '#parts/records'
import { listAll, type WholeStore } from '#store'
import { type Command, json } from './command.ts'
import { jsonArray } from './go-json.ts'
import { layerTree } from './layer-tree.ts'

export const layers: Command = {
  names: ['layers'],
  usage: '[options [...]]',
  description: 'List layers',
  words: { least: 0, most: 0 },
  flags: [
    json,
    { long: ['quick'], short: 'q', kind: 'boolean', usage: 'Only print IDs' },
    { long: ['tree'], short: 't', kind: 'boolean', usage: 'Use a tree' },
  ],
  run: async ({ store, flags, signal, print }) => {
    const all = await listAll(store, { signal })
    if (flags.on('json')) print(all.layers.length === 0 ? 'null' : jsonArray(all.layers.map(formatLayer)))
    else if (flags.on('tree')) printLines(layerTree(all), print)
    else printLines(flags.on('quick') ? all.layers.map(({ id }) => id) : listing(all), print)
    return 0
  },
}

function listing({ layers: all, images, containers }: WholeStore): readonly string[] {
  return all.flatMap((layer) => [
    layer.id,
    ...layer.names.map((name) => `\tname: ${name}`),
    ...images
      .filter((image) => image.layer === layer.id || image.mappedLayers.includes(layer.id))
      .flatMap((image) => [`\timage: ${image.id}`, ...image.names.map((name) => `\t\tname: ${name}`)]),
    ...containers
      .filter((container) => container.layer === layer.id)
      .flatMap((container) => [`\tcontainer: ${container.id}`, ...container.names.map((name) => `\t\tname: ${name}`)]),
  ])
}

function printLines(lines: readonly string[], print: (line: string) => void): void {
  if (lines.length > 0) print(lines.join('\n'))
}
