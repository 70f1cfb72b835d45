import type { Store } from '#store'
import {
  deleteContainer as removeContainer,
  deleteImage as removeImage,
  deleteLayer as removeLayer,
  deleteObject as removeObject,
} from '#store'
import { type Command, json } from './command.ts'
import { goMap } from './go-json.ts'

const many = { least: 1, most: Number.POSITIVE_INFINITY }
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

interface Deletion {
  readonly names: readonly [string, ...string[]]
  readonly usage: string
  readonly description: string
  readonly remove: (store: Store, name: string, signal: AbortSignal) => Promise<unknown>
}

const deleting = ({ names, usage, description, remove }: Deletion): Command => ({
  names,
  usage,
  description,
  words: many,
  flags: [json],
  run: async ({ store, flags, words, signal, print, complain }) => {
    const results = new Map<string, string>()
    for (const name of words) {
      try {
        await remove(store, name, signal)
        results.set(name, '')
      } catch (error) {
        results.set(name, messageOf(error))
      }
    }
    const failures = [...results].filter(([, problem]) => problem !== '')
    if (flags.on('json')) print(goMap(Object.fromEntries(results)))
    else for (const [name, problem] of failures) complain(`${name}: ${problem}`)
    return failures.length === 0 ? 0 : 1
  },
})

export const deleteAny = deleting({
  names: ['delete'],
  usage: '[LayerOrImageOrContainerNameOrID [...]]',
  description: 'Delete a layer or image or container, with no safety checks',
  remove: async (store, name, signal) => await removeObject(store, name, { signal }),
})

export const deleteLayer = deleting({
  names: ['delete-layer', 'deletelayer'],
  usage: '[LayerNameOrID [...]]',
  description: 'Delete a layer, with safety checks',
  remove: async (store, name, signal) => await removeLayer(store, name, { signal }),
})

export const deleteContainer = deleting({
  names: ['delete-container', 'deletecontainer'],
  usage: '[ContainerNameOrID [...]]',
  description: 'Delete a container, with safety checks',
  remove: async (store, name, signal) => await removeContainer(store, name, { signal }),
})

export const deleteImage: Command = {
  names: ['delete-image', 'deleteimage'],
  usage: '[ImageNameOrID [...]]',
  description: 'Delete an image, with safety checks',
  words: many,
  flags: [{ long: ['test'], short: 't', kind: 'boolean', usage: 'Only test removal' }, json],
  run: async ({ store, flags, words, signal, print, complain }) => {
    const mode = flags.on('test') ? 'plan' : 'execute'
    const results = new Map<string, { readonly error?: string; readonly 'deleted-layers'?: readonly string[] }>()
    for (const name of words) {
      try {
        const { layers } = await removeImage(store, name, { mode, signal })
        results.set(name, layers.length === 0 ? {} : { 'deleted-layers': layers })
      } catch (error) {
        results.set(name, { error: messageOf(error) })
      }
    }
    if (flags.on('json')) print(goMap(Object.fromEntries(results)))
    else {
      for (const [name, { error, 'deleted-layers': layers = [] }] of results) {
        if (error !== undefined) complain(`${name}: ${error}`)
        for (const layer of layers) complain(`${name}: ${layer}`)
      }
    }
    return [...results.values()].some(({ error }) => error !== undefined) ? 1 : 0
  },
}
