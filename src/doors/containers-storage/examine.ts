import { type Container, digestsOf, type IdRange, type Image, isFault, type Layer } from '#model'
import { formatContainer, formatImage, formatLayer } from '#parts/records'
import { containerSize, findContainer, findImage, findLayer, imageSize } from '#store'
import { type Call, type Command, json } from './command.ts'
import { jsonArray } from './go-json.ts'

/** `layer`, `image`, `container`: per match a paragraph or a record; what is unknown is passed over, and makes the exit code 1. */
interface Examination<T> {
  readonly find: (call: Call, name: string) => Promise<T | undefined>
  readonly format: (record: T) => string
  readonly lines: (call: Call, record: T) => Promise<readonly string[]>
}

function examine<T>({ find, format, lines }: Examination<T>): Command['run'] {
  return async (call) => {
    const found: T[] = []
    for (const name of call.words) {
      const record = await find(call, name)
      if (record !== undefined) found.push(record)
    }
    if (call.flags.on('json')) call.print(jsonArray(found.map(format)))
    else for (const record of found) call.print((await lines(call, record)).join('\n'))
    return found.length === call.words.length ? 0 : 1
  }
}

const many = { least: 1, most: Number.POSITIVE_INFINITY }

export const layer: Command = {
  names: ['layer'],
  usage: '[options [...]] layerNameOrID [...]',
  description: 'Examine a layer',
  words: many,
  flags: [json],
  run: examine<Layer>({
    find: async ({ store, signal }, name) => await findLayer(store, name, { signal }),
    format: formatLayer,
    lines: async (_call, { id, uidMap, gidMap, parent, names }) => [
      `ID: ${id}`,
      ...(uidMap ?? []).map((range) => `UID mapping: ${rangeText(range)}`),
      ...(gidMap ?? []).map((range) => `GID mapping: ${rangeText(range)}`),
      ...(parent === undefined ? [] : [`Parent: ${parent}`]),
      ...names.map((name) => `Name: ${name}`),
    ],
  }),
}

export const image: Command = {
  names: ['image'],
  usage: '[options [...]] imageNameOrID [...]',
  description: 'Examine an image',
  words: many,
  flags: [json],
  run: examine<Image>({
    find: async ({ store, signal }, name) => await findImage(store, name, { signal }),
    format: formatImage,
    lines: async ({ store, signal }, record) => [
      `ID: ${record.id}`,
      ...record.names.map((name) => `Name: ${name}`),
      `Top Layer: ${record.layer ?? ''}`,
      ...record.mappedLayers.map((mapped) => `Top Layer: ${mapped}`),
      ...digestsOf(record).map((digest) => `Digest: ${digest}`),
      ...record.bigDataNames.map((name) => `Data: ${name}`),
      await sizeLine(async () => await imageSize(store, record.id, { signal })),
    ],
  }),
}

export const container: Command = {
  names: ['container'],
  usage: '[options [...]] containerNameOrID [...]',
  description: 'Examine a container',
  words: many,
  flags: [json],
  run: examine<Container>({
    find: async ({ store, signal }, name) => await findContainer(store, name, { signal }),
    format: formatContainer,
    lines: async ({ store, signal }, record) => {
      const from = record.image === undefined ? undefined : await findImage(store, record.image, { signal })
      return [
        `ID: ${record.id}`,
        ...record.names.map((name) => `Name: ${name}`),
        `Image: ${record.image ?? ''}`,
        ...(from?.names ?? []).map((name) => `Image name: ${name}`),
        await sizeLine(async () => await containerSize(store, record.id, { signal })),
        `Layer: ${record.layer}`,
        ...record.bigDataNames.map((name) => `Data: ${name}`),
      ]
    },
  }),
}

function rangeText({ containerId, hostId, size }: IdRange): string {
  return `(container=${containerId}, host=${hostId}, size=${size})`
}

async function sizeLine(size: () => Promise<number>): Promise<string> {
  try {
    return `Size: ${await size()}`
  } catch (error) {
    if (!isFault(error, 'layer-unknown') && !(error instanceof Error && 'code' in error)) throw error
    return `Size unknown: ${error.message}`
  }
}
