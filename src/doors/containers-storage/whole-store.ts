import { version as versionOfProgram } from '#model'
import { shutdown as shutDown, status as statusOf, wipe as wipeAll } from '#store'
import { chooseStore } from './store-choice.ts'
import { type Command, json } from './command.ts'
import { goStruct } from './go-json.ts'

const none = { least: 0, most: 0 }

export const status: Command = {
  names: ['status'],
  usage: '',
  description: 'Check on graph driver status',
  words: none,
  flags: [json],
  run: async ({ store, flags, print, complain }) => {
    const { driverOptions } = await chooseStore(flags)
    const pairs: readonly (readonly [string, string])[] = [
      ['Root', store.root],
      ['Run Root', store.runRoot],
      ['Driver Name', store.driver.name],
      ['Driver Options', `[${driverOptions.join(' ')}]`],
      ...(await statusOf(store)),
    ]
    if (flags.on('json')) print(goStruct(pairs))
    else complain(pairs.map(([key, value]) => `${key}: ${value}`).join('\n'))
    return 0
  },
}

export const version: Command = {
  names: ['version'],
  usage: '',
  description: 'Return containers-storage version information',
  words: none,
  flags: [json],
  run: async ({ flags, print, complain }) => {
    if (flags.on('json')) print(goStruct([['Version', versionOfProgram]]))
    else complain(`Version: ${versionOfProgram}`)
    return 0
  },
}

export const shutdown: Command = {
  names: ['shutdown'],
  usage: '',
  description: 'Shut down layer storage',
  words: none,
  flags: [{ long: ['force'], short: 'f', kind: 'boolean', usage: 'Unmount mounted layers first' }, json],
  run: async ({ store, flags, signal, print, complain }) => {
    try {
      const unmounted = await shutDown(store, { how: flags.on('force') ? 'forced' : 'refuse-if-mounted', signal })
      // Having had to unmount something is an error to the original, and scripts know it.
      if (unmounted.length > 0) throw new Error('a layer is mounted: layer is in use by a container')
    } catch (error) {
      if (flags.on('json')) print('{}')
      else complain(`shutdown: ${error instanceof Error ? error.message : String(error)}`)
      return 1
    }
    if (flags.on('json')) print('""')
    return 0
  },
}

export const wipe: Command = {
  names: ['wipe'],
  usage: '',
  description: 'Wipe all layers, images, and containers',
  words: none,
  flags: [json],
  run: async ({ store, flags, signal, print, complain }) => {
    try {
      await wipeAll(store, { signal })
    } catch (error) {
      if (flags.on('json')) print('{}')
      else complain(`wipe: ${error instanceof Error ? error.message : String(error)}`)
      return 1
    }
    if (flags.on('json')) print('""')
    return 0
  },
}

export const storageLayers: Command = {
  names: ['storage-layers'],
  usage: '[options [...]]',
  description: 'List storage layers',
  words: none,
  flags: [json],
  run: async ({ store, flags, print }) => {
    const ids: string[] = []
    for await (const id of store.driver.list()) ids.push(id)
    ids.sort()
    if (flags.on('json')) print(goStruct(ids))
    else for (const id of ids) print(id)
    return 0
  },
}
