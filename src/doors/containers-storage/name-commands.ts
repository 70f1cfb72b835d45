import { addNames as add, getNames as get, removeNames as remove, setNames as set } from '#store'
import { type Command, json, names } from './command.ts'
import { goStruct } from './go-json.ts'

export const getNames: Command = {
  names: ['get-names', 'getnames'],
  usage: '[options [...]] imageOrContainerNameOrID',
  description: 'Get layer, image, or container name or names',
  words: { least: 1, most: 1 },
  flags: [json],
  run: async ({ store, flags, words: [object = ''], signal, print }) => {
    const found = await get(store, object, { signal })
    if (flags.on('json')) print(goStruct(found))
    else for (const name of found) print(name)
    return 0
  },
}

const changing = (verb: 'add' | 'set' | 'remove', change: typeof set): Command => ({
  names: [`${verb}-names`, `${verb}names`],
  usage: '[options [...]] imageOrContainerNameOrID',
  description: `${verb === 'add' ? 'Add' : verb === 'set' ? 'Set' : 'Remove'} layer, image, or container name or names`,
  words: { least: 1, most: Number.POSITIVE_INFINITY },
  flags: [names('New name'), json],
  run: async ({ store, flags, words: [object = ''], signal, print }) => {
    const left = await change(store, object, flags.list('name'), { signal })
    if (flags.on('json')) print(left.length === 0 ? 'null' : goStruct(left))
    return 0
  },
})

export const addNames = changing('add', add)
export const setNames = changing('set', set)
export const removeNames = changing('remove', remove)
