import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { textOfLayerPath } from '#model'
import { changes as changesOf, diff as diffOf, diffSize as sizeOf } from '#store'
import { type Command, file, json } from './command.ts'
import type { FlagValues } from './flags.ts'
import { goStruct } from './go-json.ts'
import { goQuoted } from './go-quoted.ts'

const usage = '[options [...]] layerNameOrID [referenceLayerNameOrID]'
const words = { least: 1, most: 2 }
const kinds = { modify: ['Modify', 0], add: ['Add', 1], delete: ['Delete', 2] } as const

const from = (reference: string | undefined): { readonly from?: string } =>
  reference === undefined || reference === '' ? {} : { from: reference }

export const changes: Command = {
  names: ['changes'],
  usage,
  description: 'Compare two layers',
  words,
  flags: [json],
  run: async ({ store, flags, words: [layer = '', reference], signal, print }) => {
    const found: { readonly Path: string; readonly Kind: number }[] = []
    for await (const { kind, path } of changesOf(store, layer, { signal, ...from(reference) })) {
      const [word, number] = kinds[kind]
      if (flags.on('json')) found.push({ Path: textOfLayerPath(path), Kind: number })
      else print(`${word} ${goQuoted(path)}`)
    }
    if (flags.on('json')) print(found.length === 0 ? 'null' : goStruct(found))
    return 0
  },
}

export const diffSize: Command = {
  names: ['diffsize', 'diff-size'],
  usage,
  description: 'Compare two layers',
  words,
  flags: [],
  run: async ({ store, words: [layer = '', reference], signal, print }) => {
    print(String(await sizeOf(store, layer, { signal, ...from(reference) })))
    return 0
  },
}

export const diff: Command = {
  names: ['diff'],
  usage,
  description: 'Compare two layers',
  words,
  flags: [
    file('Write to file instead of stdout'),
    { long: ['uncompressed'], short: 'u', kind: 'boolean', usage: 'Use no compression' },
    { long: ['gzip'], short: 'c', kind: 'boolean', usage: 'Compress using gzip' },
    { long: ['bzip2', 'bz2'], short: 'b', kind: 'boolean', usage: 'Compress using bzip2 (not currently supported)' },
    { long: ['xz'], short: 'x', kind: 'boolean', usage: 'Compress using xz (not currently supported)' },
  ],
  run: async ({ store, flags, words: [layer = '', reference], signal }) => {
    const bytes = await diffOf(store, layer, { signal, compression: compressionOf(flags), ...from(reference) })
    const path = flags.text('file')
    if (path === '') await pipeline(bytes, process.stdout, { signal, end: false })
    else await pipeline(bytes, createWriteStream(path), { signal })
    return 0
  },
}

function compressionOf(flags: FlagValues) {
  if (flags.on('xz')) return 'xz'
  if (flags.on('bzip2')) return 'bzip2'
  if (flags.on('gzip')) return 'gzip'
  return flags.on('uncompressed') ? 'uncompressed' : 'recorded'
}
