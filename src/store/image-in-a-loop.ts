import { parseImageId } from '#model'
import { commitImage } from './commit-image.ts'
import { deleteImage } from './delete-image.ts'
import { openScratch } from './scratch-store.ts'
import { stageLayers } from './stage-layers.ts'

// A process of its own for a test: it puts an image in and takes it out again, until it is killed. It says how far it is.
const [directory = '', driver, ...tars] = process.argv.slice(2)
const store = await openScratch(driver === 'vfs' ? 'vfs' : 'overlay', directory)
const id = parseImageId('a'.repeat(64))
for (;;) {
  {
    await using chain = await stageLayers(store, { layers: tars.map((path) => ({ blob: { kind: 'file', path } })) })
    const bigData = [{ key: 'manifest', bytes: Buffer.from('{}') }]
    await commitImage(store, { layers: chain.layers, image: { id, names: ['n'], bigData } })
  }
  process.stdout.write('committed\n')
  await deleteImage(store, id)
  process.stdout.write('deleted\n')
}
