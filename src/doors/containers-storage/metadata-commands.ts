import { isFault } from '#model'
import { getMetadata, setMetadata as set } from '#store'
import { type Command, json } from './command.ts'
import { goMap } from './go-json.ts'
import { metadataFlags, metadataOf } from './metadata-of.ts'

export const metadata: Command = {
  names: ['metadata'],
  usage: '[LayerOrImageOrContainerNameOrID [...]]',
  description: 'Retrieve layer, image, or container metadata',
  words: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [{ long: ['quiet'], short: 'q', kind: 'boolean', usage: 'Omit names and IDs' }, json],
  run: async ({ store, flags, words, signal, print }) => {
    const found: Record<string, string> = {}
    for (const name of words) {
      try {
        found[name] = (await getMetadata(store, name, { signal })).replace(/\n$/, '')
      } catch (error) {
        if (!isFault(error, 'not-a')) throw error
      }
    }
    if (flags.on('json')) print(goMap(found))
    else for (const name of words) print(flags.on('quiet') ? (found[name] ?? '') : `${name}: ${found[name] ?? ''}`)
    return words.every((name) => name in found) ? 0 : 1
  },
}

export const setMetadata: Command = {
  names: ['set-metadata', 'setmetadata'],
  usage: '[options [...]] layerOrImageOrContainerNameOrID',
  description: 'Set layer, image, or container metadata',
  words: { least: 1, most: 1 },
  flags: metadataFlags,
  run: async ({ store, flags, words: [object = ''], signal, complain }) => {
    if (flags.text('metadata') === '' && flags.text('metadata-file') === '') {
      complain('no new metadata provided')
      return 1
    }
    await set(store, object, metadataOf(flags), { signal })
    return 0
  },
}
