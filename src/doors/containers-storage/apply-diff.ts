import { applyDiff as apply } from '#store'
import { blobOf } from './blob-of.ts'
import { type Command, file } from './command.ts'

export const applyDiff: Command = {
  names: ['applydiff', 'apply-diff'],
  usage: '[options [...]] layerNameOrID [referenceLayerNameOrID]',
  description: 'Apply a diff to a layer',
  words: { least: 1, most: 1 },
  flags: [file('Read from file instead of stdin')],
  run: async ({ store, flags, words: [layer = ''], signal }) => {
    await apply(store, layer, { blob: blobOf(flags) }, { signal })
    return 0
  },
}
