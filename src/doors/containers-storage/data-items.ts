import { readFileSync, writeFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { bigDataDigest, bigDataSize, listBigData, readBigData, writeBigData } from '#store'
import { type Command, file, json } from './command.ts'
import { goStruct } from './go-json.ts'

type Kind = 'layer' | 'image' | 'container'

const article = { layer: 'a', image: 'an', container: 'an' } as const
const both = { least: 2, most: 2 }

const object = (kind: Kind): string => `${kind}${kind === 'layer' ? 'ID' : 'NameOrID'}`

/** `list-layer-data`, `list-image-data`, `list-container-data`. */
const list = (kind: Kind): Command => ({
  names: [`list-${kind}-data`, `list${kind}data`],
  usage: `[options [...]] ${kind}NameOrID`,
  description: `List data items that are attached to ${article[kind]} ${kind}`,
  words: { least: 1, most: 1 },
  flags: [json],
  run: async ({ store, flags, words: [name = ''], signal, print }) => {
    const keys = await listBigData(store, { kind, object: name }, { signal })
    if (flags.on('json')) print(keys.length === 0 ? 'null' : goStruct(keys))
    else for (const key of keys) print(key)
    return 0
  },
})

const get = (kind: Kind): Command => ({
  names: [`get-${kind}-data`, `get${kind}data`],
  usage: `[options [...]] ${object(kind)} dataName`,
  description: `Get data that is attached to ${article[kind]} ${kind}`,
  words: both,
  flags: [file('Write data to file')],
  run: async ({ store, flags, words: [name = '', key = ''], signal }) => {
    // The file is made once the item is there: the original leaves an empty one behind when it is not.
    const bytes = await readBigData(store, { kind, object: name, key }, { signal })
    const path = flags.text('file')
    if (path === '') process.stdout.write(bytes)
    else writeFileSync(path, bytes)
    return 0
  },
})

const set = (kind: Kind): Command => ({
  names: [`set-${kind}-data`, `set${kind}data`],
  usage: `[options [...]] ${object(kind)} dataName`,
  description: `Set data that is attached to ${article[kind]} ${kind}${kind === 'image' ? ' (with sometimes wrong digest)' : ''}`,
  words: both,
  flags: [file('Read data from file')],
  run: async ({ store, flags, words: [name = '', key = ''], signal }) => {
    const path = flags.text('file')
    const bytes = path === '' ? await buffer(process.stdin) : readFileSync(path)
    await writeBigData(store, { kind, object: name, key, bytes }, { signal })
    return 0
  },
})

const size = (kind: 'image' | 'container'): Command => ({
  names: [`get-${kind}-data-size`, `get${kind}datasize`],
  usage: `[options [...]] ${object(kind)} dataName`,
  description: `Get size of data that is attached to an ${kind}`,
  words: both,
  flags: [],
  run: async ({ store, words: [name = '', key = ''], signal, print }) => {
    print(String(await bigDataSize(store, { kind, object: name, key }, { signal })))
    return 0
  },
})

const digest = (kind: 'image' | 'container'): Command => ({
  names: [`get-${kind}-data-digest`, `get${kind}datadigest`],
  usage: `[options [...]] ${object(kind)} dataName`,
  description: `Get digest of data that is attached to an ${kind}`,
  words: both,
  flags: [],
  run: async ({ store, words: [name = '', key = ''], signal, print }) => {
    print(await bigDataDigest(store, { kind, object: name, key }, { signal }))
    return 0
  },
})

export const containerData: readonly Command[] = [
  list('container'),
  get('container'),
  size('container'),
  digest('container'),
  set('container'),
]
export const imageData: readonly Command[] = [list('image'), get('image'), size('image'), digest('image'), set('image')]
export const layerData: readonly Command[] = [list('layer'), get('layer'), set('layer')]
