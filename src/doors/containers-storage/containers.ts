import { formatContainer } from '#parts/records'
import { listContainers } from '#store'
import { type Command, json } from './command.ts'
import { jsonArray } from './go-json.ts'

export const containers: Command = {
  names: ['containers'],
  usage: '[options [...]]',
  description: 'List containers',
  words: { least: 0, most: 0 },
  flags: [json],
  run: async ({ store, flags, signal, print }) => {
    const all = await listContainers(store, { signal })
    if (flags.on('json')) {
      print(jsonArray(all.map(formatContainer)))
      return 0
    }
    for (const container of all) {
      print(container.id)
      for (const name of container.names) print(`\tname: ${name}`)
      for (const name of container.bigDataNames) print(`\tdata: ${name}`)
    }
    return 0
  },
}
