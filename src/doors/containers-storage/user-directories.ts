import { containerDirectory, containerRunDirectory, imageDirectory, imageRunDirectory } from '#store'
import type { Command } from './command.ts'

interface Place {
  readonly name: string
  readonly kind: 'container' | 'image'
  readonly what: 'data' | 'runtime'
  readonly directory: typeof containerDirectory
}

const command = ({ name, kind, what, directory }: Place): Command => ({
  names: [name, name.replaceAll('-', '')],
  usage: `[options [...]] ${kind}NameOrID`,
  description: `Find the ${kind}'s associated ${what} directory`,
  words: { least: 1, most: 1 },
  flags: [],
  run: async ({ store, words: [object = ''], signal, print }) => {
    print(await directory(store, object, { signal }))
    return 0
  },
})

export const containerDirectories: readonly Command[] = [
  command({ name: 'get-container-dir', kind: 'container', what: 'data', directory: containerDirectory }),
  command({ name: 'get-container-run-dir', kind: 'container', what: 'runtime', directory: containerRunDirectory }),
]
export const imageDirectories: readonly Command[] = [
  command({ name: 'get-image-dir', kind: 'image', what: 'data', directory: imageDirectory }),
  command({ name: 'get-image-run-dir', kind: 'image', what: 'runtime', directory: imageRunDirectory }),
]
