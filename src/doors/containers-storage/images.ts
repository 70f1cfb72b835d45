import type { Image } from '#model'
import { formatImage } from '#parts/records'
import { imagesByDigest as findByDigest, listImages } from '#store'
import { type Call, type Command, json } from './command.ts'
import { jsonArray } from './go-json.ts'
import type { Flag } from './flags.ts'
import { digestsOf } from '#model'

const flags: readonly Flag[] = [json, { long: ['quiet'], short: 'q', kind: 'boolean', usage: 'Only print IDs' }]

export const images: Command = {
  names: ['images'],
  usage: '[options [...]]',
  description: 'List images',
  words: { least: 0, most: 0 },
  flags,
  run: async (call) => {
    printImages(call, await listImages(call.store, { signal: call.signal }), 'null')
    return 0
  },
}

export const imagesByDigest: Command = {
  names: ['images-by-digest', 'imagesbydigest'],
  usage: '[options [...]] DIGEST',
  description: 'List images by digest',
  words: { least: 1, most: 1 },
  flags,
  run: async (call) => {
    const [digest = ''] = call.words
    printImages(call, await findByDigest(call.store, digest, { signal: call.signal }), '[]')
    return 0
  },
}

function printImages({ flags: given, print }: Call, found: readonly Image[], none: string): void {
  if (given.on('json')) {
    print(found.length === 0 ? none : jsonArray(found.map(formatImage)))
    return
  }
  for (const image of found) {
    print(image.id)
    if (given.on('quiet')) continue
    for (const name of image.names) print(`\tname: ${name}`)
    for (const digest of digestsOf(image)) print(`\tdigest: ${digest}`)
    for (const name of image.bigDataNames) print(`\tdata: ${name}`)
  }
}
