import { parseImageId } from '#model'
import { formatImage } from '#parts/records'
import { createImage as create } from '#store'
import { type Command, json, names } from './command.ts'
import { printCreated } from './created.ts'
import { metadataFlags, metadataOf } from './metadata-of.ts'

export const createImage: Command = {
  names: ['create-image', 'createimage'],
  usage: '[options [...]] topLayerNameOrID',
  description: 'Create a new image using layers',
  words: { least: 0, most: 1 },
  flags: [
    { long: ['id'], short: 'i', kind: 'text', usage: 'Image ID' },
    names('Image name'),
    { long: ['digest'], short: 'd', kind: 'text', usage: 'Image Digest' },
    ...metadataFlags,
    json,
  ],
  run: async (call) => {
    const { store, flags, signal } = call
    const [layer = ''] = call.words
    const id = flags.text('id')
    const digest = flags.text('digest')
    const metadata = metadataOf(flags)
    const wanted = {
      ...(id === '' ? {} : { id: parseImageId(id) }),
      ...(layer === '' ? {} : { layer }),
      ...(digest === '' ? {} : { digest }),
      ...(metadata === '' ? {} : { metadata }),
      names: [...new Set(flags.list('name'))],
    }
    const image = await create(store, wanted, { signal })
    printCreated(call, image, formatImage(image))
    return 0
  },
}
