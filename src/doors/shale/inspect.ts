import { contentOf, digestsOf, type Image } from '#model'
import { listAll, type Store, type StoredObject } from '#store'
import { readConfig } from './image-config.ts'
import { chainOf, imageSizesOf } from './image-sizes.ts'
import { getNamed } from './named.ts'
import type { AddCommand } from './program.ts'
import { inSession } from './session.ts'

export const addInspect: AddCommand = (program, signal) =>
  program
    .command('inspect')
    .description('print all that is known of an image, a container or a layer')
    .argument('<name...>', 'by name, id, or the beginning of an id')
    .addHelpText(
      'after',
      '\nExamples:\n  shale inspect debian\n  shale inspect --json debian | jq ".[0].layers[].diffId"',
    )
    .action(async (names: readonly string[], _options, command) => {
      await inSession(command, signal, async ({ store, globals, print, printJson }) => {
        const found: Readonly<Record<string, unknown>>[] = []
        for (const name of names) found.push(await describeObject(store, await getNamed(store, name)))
        if (globals.json) printJson(found)
        else print(found.map((object) => asText(object)).join('\n'))
      })
    })

async function describeObject(store: Store, object: StoredObject): Promise<Readonly<Record<string, unknown>>> {
  switch (object.kind) {
    case 'image':
      return await describeImage(store, object.record)
    case 'container': {
      const { unknownFields: _, ...record } = object.record
      const { mounts } = await listAll(store)
      return { kind: 'container', ...record, mount: mounts.get(record.layer) }
    }
    case 'layer': {
      const { unknownFields: _, ...record } = object.record
      return { kind: 'layer', ...record, directories: store.driver.directoriesOf(record.id) }
    }
  }
}

async function describeImage(store: Store, image: Image): Promise<Readonly<Record<string, unknown>>> {
  const all = await listAll(store)
  const layers = new Map(all.layers.map((layer) => [layer.id, layer]))
  const { unknownFields: _, bigDataNames, bigDataSizes, bigDataDigests, ...record } = image
  return {
    kind: 'image',
    ...record,
    digests: digestsOf(image),
    size: imageSizesOf({ layers: all.layers, images: [image] }).get(image.id),
    layers: chainOf(layers, image.layer)
      .toReversed()
      .map((layer) => ({
        id: layer.id,
        ...contentOf(layer),
        compression: layer.compression,
        blobDigest: layer.compressedDigest,
        blobSize: layer.compressedSize,
      })),
    bigData: bigDataNames.map((key) => ({ key, size: bigDataSizes[key], digest: bigDataDigests[key] })),
    config: await readConfig(store, image),
  }
}

/** Indented keys and values; what is empty is left out. */
function asText(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    return value
      .map((item) => (isCompound(item) ? `${indent}-\n${asText(item, `${indent}  `)}` : `${indent}- ${String(item)}\n`))
      .join('')
  }
  if (!isCompound(value)) return `${indent}${String(value)}\n`
  return Object.entries(value)
    .filter(([, item]) => !isEmpty(item))
    .map(([key, item]) =>
      isCompound(item) ? `${indent}${key}:\n${asText(item, `${indent}  `)}` : `${indent}${key}: ${String(item)}\n`,
    )
    .join('')
}

function isCompound(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (isCompound(value) && Object.keys(value).length === 0)
}
