import { isFault } from '#model'
import { mounted as find, mountImage, mountLayer, unmountImage, unmountLayer } from '#store'
import { type Command, json } from './command.ts'
import { goStruct } from './go-json.ts'

const many = { least: 1, most: Number.POSITIVE_INFINITY }
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export const mount: Command = {
  names: ['mount'],
  usage: '[options [...]] LayerOrContainerNameOrID',
  description: 'Mount a layer or container',
  words: many,
  flags: [
    { long: ['label'], short: 'l', kind: 'text', usage: 'Mount Label' },
    { long: ['opt'], short: 'o', kind: 'list', usage: 'Mount Options' },
    { long: ['read-only', 'ro'], short: 'r', kind: 'boolean', usage: 'Mount image readonly' },
    json,
  ],
  run: async ({ store, flags, words, signal, print, complain }) => {
    const label = flags.text('label')
    const options = { signal, ...(label === '' ? {} : { label }) }
    const results: { readonly id: string; readonly mountpoint: string; readonly error: string }[] = []
    for (const id of words) {
      try {
        const mountpoint = flags.on('read-only')
          ? await mountImage(store, id, options)
          : await mountLayer(store, id, options)
        results.push({ id, mountpoint, error: '' })
      } catch (error) {
        results.push({ id, mountpoint: '', error: messageOf(error) })
      }
    }
    if (flags.on('json')) print(goStruct(results))
    else {
      for (const { id, mountpoint, error } of results) {
        print(mountpoint)
        if (error !== '') complain(`${error} while mounting ${id}`)
      }
    }
    return results.some(({ error }) => error !== '') ? 1 : 0
  },
}

export const unmount: Command = {
  names: ['unmount', 'umount'],
  usage: 'LayerOrContainerNameOrID',
  description: 'Unmount an image, layer or container',
  words: many,
  flags: [{ long: ['force'], short: 'f', kind: 'boolean', usage: 'Force the umount' }, json],
  run: async ({ store, flags, words, signal, print, complain }) => {
    const options = { signal, how: flags.on('force') ? 'completely' : 'once' } as const
    const results: { readonly id: string; readonly error: string }[] = []
    for (const id of words) {
      try {
        const state = await unmountLayer(store, id, options)
        if (state === 'unmounted') print(`${id} mountpoint unmounted`)
        results.push({ id, error: '' })
      } catch (error) {
        const asImage = isFault(error, 'layer-unknown')
          ? await trial(async () => await unmountImage(store, id, options))
          : error
        results.push({ id, error: asImage === undefined ? '' : messageOf(error) })
      }
    }
    if (flags.on('json')) print(goStruct(results))
    else for (const { id, error } of results) if (error !== '') complain(`${error} while unmounting ${id}`)
    return results.some(({ error }) => error !== '') ? 1 : 0
  },
}

export const mounted: Command = {
  names: ['mounted'],
  usage: 'LayerOrContainerNameOrID',
  description: 'Check if a file system is mounted',
  words: many,
  flags: [json],
  run: async ({ store, flags, words, signal, print, complain }) => {
    const results: { readonly id: string; readonly error: string }[] = []
    for (const id of words) {
      try {
        if ((await find(store, id, { signal })) !== undefined) print(`${id} mounted`)
        results.push({ id, error: '' })
      } catch (error) {
        results.push({ id, error: messageOf(error) })
      }
    }
    if (flags.on('json')) print(goStruct(results))
    else for (const { id, error } of results) if (error !== '') complain(`${error} checking if ${id} is mounted`)
    return results.some(({ error }) => error !== '') ? 1 : 0
  },
}

/** The error of an attempt; undefined when it went well. */
async function trial(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    await attempt()
    return undefined
  } catch (error) {
    return error
  }
}
