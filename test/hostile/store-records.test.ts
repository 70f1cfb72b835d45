// Record files that somebody crafted: ids that are paths, parents in a circle, keys that lead up, numbers without bound, depth without
// end. Either the file is refused by name, and then nothing at all is done with the store, or what can be done is done inside of it.
// Never a hang, never an error of the language, never a file touched outside.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { test } from 'node:test'
import { CraftedStore } from './crafted-store.ts'
import { drivers } from './victim.ts'

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
const deepObject = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
type Craft = (store: CraftedStore) => void
/** The first record with fields as they are written here, in place of its own of these names. */
const withField = (text: string) => (json: string) => {
  const [first = {}, ...others] = JSON.parse(json) as readonly Record<string, unknown>[]
  for (const [, name = ''] of text.matchAll(/"([a-z-]+)":/g)) delete first[name]
  return JSON.stringify([first, ...others]).replace('[{', () => `[{${text},`)
}

/** The file is refused: every operation says so, and the store stays as it is. */
const refused: Readonly<Record<string, Craft>> = {
  'a layer whose id leads up': (store) => store.set('layers', 0, { id: '../../../outside' }),
  'a layer called ..': (store) => store.add('layers', { id: '..' }),
  'a layer called /': (store) => store.add('layers', { id: '/' }),
  'layers called like files of the store': (store) => store.add('layers', { id: 'layers.json' }),
  'an incomplete layer called like the place for what goes': (store) =>
    store.add('layers', { id: 'tmp', flags: { incomplete: true } }),
  'an image called like the file of images': (store) => store.add('images', { id: 'images.json', names: ['file'] }),
  'a layer with a NUL': (store) => store.add('layers', { id: 'a\0b' }),
  'a layer of 5000 letters': (store) => store.add('layers', { id: 'x'.repeat(5000) }),
  'a parent that leads up': (store) => store.set('layers', 1, { parent: '../../outside' }),
  'an incomplete layer that leads up': (store) =>
    store.add('layers', { id: '../../../outside', flags: { incomplete: true } }),
  'an infinite size': (store) => store.changeText('layers', withField('"diff-size":1e400')),
  'ids out of range': (store) => store.changeText('layers', withField('"uidset":[4294967296]')),
  'a record that is a list': (store) => store.add('layers', [] as never),
  'a million levels of lists': (store) => store.changeText('layers', withField(`"x":${deep(1_000_000)}`)),
  'a hundred thousand levels of objects': (store) =>
    store.changeText('images', withField(`"x":${deepObject(100_000)}`)),
  'flags without end': (store) => store.changeText('containers', withField(`"flags":${deepObject(100_000)}`)),
  'a million brackets': (store) => store.changeText('layers', () => '['.repeat(1_000_000)),
  'a file that is cut': (store) => store.changeText('layers', (text) => text.slice(0, -20)),
  noise: (store) => store.changeText('images', () => '\0\u0001\ufffd'),
  'an object for a list': (store) => store.changeText('containers', () => '{"id":"x"}'),
  'a FIFO for a file': (store) => {
    rmSync(store.fileOf('layers'))
    execFileSync('mkfifo', [store.fileOf('layers')])
  },
  'a directory for a file': (store) => {
    rmSync(store.fileOf('images'))
    execFileSync('mkdir', [store.fileOf('images')])
  },
  'a symlink to a file that is none of ours': (store) => {
    rmSync(store.fileOf('layers'))
    symlinkSync(`${store.victim.outside}/secret`, store.fileOf('layers'))
  },
  'an image whose id leads up': (store) => store.set('images', 0, { id: '../../outside' }),
  'an image whose layer leads up': (store) => store.set('images', 0, { layer: '../x' }),
  'a mapped layer that leads up': (store) => store.set('images', 0, { 'mapped-layers': ['../../outside'] }),
  'a container whose id leads up': (store) => store.set('containers', 0, { id: '../../outside' }),
  'a container whose layer leads up': (store) => store.set('containers', 0, { layer: '../../outside' }),
}

/** What is odd is carried along, left out or refused where it matters; the rest goes on. */
const survived: Readonly<Record<string, Craft>> = {
  'a layer that is its own parent': (store) => store.set('layers', 0, { parent: store.rows('layers')[0]?.['id'] }),
  'parents in a circle': (store) => store.set('layers', 0, { parent: store.rows('layers')[2]?.['id'] }),
  'a parent that is nowhere': (store) => store.set('layers', 1, { parent: 'nobody' }),
  'two layers of one id': (store) => store.add('layers', { ...store.rows('layers')[0], parent: 'nobody' }),
  'two layers of one name': (store) => store.setAll('layers', { names: ['n', 'n'] }),
  'a name that is another’s id': (store) => store.set('layers', 0, { names: [store.rows('layers')[1]?.['id']] }),
  'layers called like directories of the store': (store) =>
    store.add('layers', { id: 'l' }, { id: 'tempdirs' }, { id: 'dir' }, { id: 'staging' }),
  'incomplete layers called like directories of the store': (store) =>
    store.add('layers', ...['l', 'tempdirs', 'dir', 'staging'].map((id) => ({ id, flags: { incomplete: true } }))),
  'every layer incomplete': (store) => store.setAll('layers', { flags: { incomplete: true } }),
  'a flag of another type': (store) => store.set('layers', 0, { flags: { incomplete: 'yes' } }),
  'no records at all': (store) => store.changeText('layers', () => ''),
  'a field called __proto__': (store) =>
    store.changeText('layers', withField('"__proto__":{"flags":{"incomplete":true}},"constructor":1')),
  'sizes beyond counting': (store) => store.changeText('layers', withField('"diff-size":99999999999999999999999')),
  'negative sizes': (store) => store.changeText('layers', withField('"diff-size":-5,"compressed-size":-5')),
  'an unknown compression': (store) => store.changeText('layers', withField('"compression":99')),
  'a digest that leads up': (store) => store.set('layers', 0, { 'diff-digest': 'sha256:../../x' }),
  'keys of a layer’s big data that lead up': (store) =>
    store.set('layers', 0, { 'big-data-names': ['..', '../../../outside/secret', '/', '.'] }),
  'keys of an image’s big data that lead up': (store) =>
    store.setAll('images', {
      'big-data-names': ['manifest', '..', '../../../outside/secret', '/', 'a\0b', 'x/../../y'],
    }),
  'sizes of big data beyond counting': (store) =>
    store.set('images', 0, { 'big-data-sizes': { manifest: 1e18, other: -3 } }),
  'an image without its layer': (store) => store.setAll('images', { layer: 'nobody' }),
  'a mapped layer that is nowhere': (store) => store.setAll('images', { 'mapped-layers': ['nobody'] }),
  'two images of one name': (store) => store.add('images', { id: 'other', names: store.rows('images')[0]?.['names'] }),
  'a container without its layer': (store) => store.set('containers', 0, { layer: 'nobody' }),
  'a container on a layer of an image': (store) =>
    store.set('containers', 0, { layer: store.rows('layers')[0]?.['id'] }),
  'a container whose image is nowhere': (store) => store.set('containers', 0, { image: 'nobody' }),
}

for (const driver of drivers) {
  test(`files that are refused (${driver})`, { timeout: 300_000 }, async (context) => {
    using store = new CraftedStore(driver)
    for (const [what, craft] of Object.entries(refused)) {
      await context.test(what, async () => {
        store.reset()
        craft(store)
        const kind = store.changedKind()
        const path = store.fileOf(kind)
        const read = () => (statSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0))
        const before = read()
        const { list, wipe, ...others } = await store.tryEverything()
        assert.deepEqual([list, wipe], ['records-invalid', 'records-invalid'])
        // Whatever has to do with layers cannot even begin without their records.
        if (kind === 'layers') {
          const { 'big data': _ofImages, ...rest } = others
          assert.deepEqual(new Set(Object.values(rest)), new Set(['records-invalid']), JSON.stringify(rest))
        }
        assert.ok(read().equals(before), 'the file was changed')
      })
    }
  })

  test(`what is survived (${driver})`, { timeout: 300_000 }, async (context) => {
    using store = new CraftedStore(driver)
    for (const [what, craft] of Object.entries(survived)) {
      await context.test(what, async () => {
        store.reset()
        craft(store)
        const outcomes = await store.tryEverything()
        assert.equal(outcomes['list'], 'done', JSON.stringify(outcomes))
        assert.equal(outcomes['pull'], 'done', JSON.stringify(outcomes))
        const left = (['layers', 'images', 'containers'] as const).map((kind) => store.rows(kind).length)
        if (outcomes['wipe'] === 'done') assert.deepEqual(left, [0, 0, 0])
      })
    }
  })
}

test('the command says which file is broken, in a line, and does nothing', () => {
  using store = new CraftedStore('vfs')
  for (const what of [
    'a layer whose id leads up',
    'a file that is cut',
    'a million levels of lists',
    'a layer of 5000 letters',
  ]) {
    store.reset()
    refused[what]?.(store)
    const before = readFileSync(store.fileOf('layers'))
    for (const words of [['layers'], ['rmi', 'victim'], ['df']]) {
      const given = store.victim.shale(...words)
      assert.equal(given.status, 5)
      assert.match(given.stderr, /^shale: loading ".*layers\.json": [^\n]+\n[^\n]+nothing has been changed\.\n$/)
    }
    assert.ok(readFileSync(store.fileOf('layers')).equals(before))
  }
})
