import { formatLayer } from '#parts/records'
import { importLayer as importOne } from '#store'
import { blobOf } from './blob-of.ts'
import { type Command, file } from './command.ts'
import { layerFlags, newLayerOf } from './create-layer.ts'
import { printCreated } from './created.ts'
import { idMapsOf } from './id-maps.ts'

export const importLayer: Command = {
  names: ['import-layer', 'importlayer'],
  usage: '[options [...]] [parentLayerNameOrID]',
  description: 'Import a new layer',
  words: { least: 0, most: 1 },
  flags: [...layerFlags, file('Read from file instead of stdin')],
  run: async (call) => {
    const idMaps = idMapsOf(call.flags)
    const mapped = idMaps === undefined ? {} : { idMaps: idMaps === 'host' ? {} : idMaps }
    const layer = await importOne(
      call.store,
      { ...newLayerOf(call), ...mapped, blob: blobOf(call.flags) },
      { signal: call.signal },
    )
    printCreated(call, layer, formatLayer(layer))
    return 0
  },
}
