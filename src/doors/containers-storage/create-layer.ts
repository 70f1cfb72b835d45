import { parseLayerId } from '#model'
import { formatLayer } from '#parts/records'
import { createLayer as create } from '#store'
import { type Call, type Command, json, names } from './command.ts'
import { printCreated } from './created.ts'
import type { Flag } from './flags.ts'
import { idMapsOf, mappingFlags } from './id-maps.ts'

export const layerFlags: readonly Flag[] = [
  { long: ['id'], short: 'i', kind: 'text', usage: 'Layer ID' },
  names('Layer name'),
  { long: ['label'], short: 'l', kind: 'text', usage: 'Mount Label' },
  { long: ['readonly'], short: 'r', kind: 'boolean', usage: 'Mark as read-only' },
  ...mappingFlags,
  json,
]

/** What the flags say of the new layer, for this command and for import-layer. */
export function newLayerOf({ flags, words }: Pick<Call, 'flags' | 'words'>) {
  const [parent = ''] = words
  const id = flags.text('id')
  const label = flags.text('label')
  return {
    ...(id === '' ? {} : { id: parseLayerId(id) }),
    ...(parent === '' ? {} : { parent }),
    ...(label === '' ? {} : { mountLabel: label }),
    names: [...new Set(flags.list('name'))],
    purpose: flags.on('readonly') ? 'image' : 'container',
  } as const
}

export const createLayer: Command = {
  names: ['create-layer', 'createlayer'],
  usage: '[options [...]] [parentLayerNameOrID]',
  description: 'Create a new layer',
  words: { least: 0, most: 1 },
  flags: layerFlags,
  run: async (call) => {
    const idMaps = idMapsOf(call.flags)
    const layer = await create(
      call.store,
      { ...newLayerOf(call), ...(idMaps === undefined ? {} : { idMaps }) },
      { signal: call.signal },
    )
    printCreated(call, layer, formatLayer(layer))
    return 0
  },
}
