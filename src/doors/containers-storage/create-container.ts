import { parseContainerId } from '#model'
import { formatContainer } from '#parts/records'
import { createContainer as create } from '#store'
import { type Command, json, names } from './command.ts'
import { printCreated } from './created.ts'
import { idMapsOf, mappingFlags } from './id-maps.ts'
import { metadataFlags, metadataOf } from './metadata-of.ts'

export const createContainer: Command = {
  names: ['create-container', 'createcontainer'],
  usage: '[options [...]] parentImageNameOrID',
  description: 'Create a new container from an image',
  words: { least: 1, most: 1 },
  flags: [
    { long: ['id'], short: 'i', kind: 'text', usage: 'Container ID' },
    names('Container name'),
    ...metadataFlags,
    { long: ['volatile'], kind: 'boolean', usage: 'Mark as volatile' },
    ...mappingFlags,
    json,
  ],
  run: async (call) => {
    const { store, flags, signal } = call
    const [image = ''] = call.words
    const id = flags.text('id')
    const metadata = metadataOf(flags)
    const idMaps = idMapsOf(flags)
    const wanted = {
      ...(id === '' ? {} : { id: parseContainerId(id) }),
      ...(image === '' ? {} : { image }),
      ...(metadata === '' ? {} : { metadata }),
      ...(idMaps === undefined ? {} : { idMaps }),
      ...(flags.on('volatile') ? { volatile: true } : {}),
      names: [...new Set(flags.list('name'))],
    }
    const container = await create(store, wanted, { signal })
    printCreated(call, container, formatContainer(container))
    return 0
  },
}
