import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  type Container,
  type Image,
  isFault,
  type Layer,
  parseContainerId,
  parseDigest,
  parseImageId,
  parseLayerId,
  parseTimestamp,
} from '#model'
import type { BigDataItem } from './big-data.ts'
import { type FakeStore, fakeStore } from './fake-contents.ts'
import type { Records } from './records.ts'

const created = parseTimestamp('2026-11-22T05:00:43.72740954Z')
const digest = parseDigest(`sha256:${'a'.repeat(64)}`)

function layer(id: string, more: Partial<Layer> = {}): Layer {
  return {
    id: parseLayerId(id),
    names: [],
    created,
    compression: 'uncompressed',
    bigDataNames: [],
    unknownFields: {},
    ...more,
  }
}

function image(id: string, more: Partial<Image> = {}): Image {
  const none = { bigDataNames: [], bigDataSizes: {}, bigDataDigests: {}, mappedLayers: [], namesHistory: [] }
  return { id: parseImageId(id), names: [], created, unknownFields: {}, ...none, ...more }
}

function container(id: string, of: string, more: Partial<Container> = {}): Container {
  const none = { bigDataNames: [], bigDataSizes: {}, bigDataDigests: {} }
  return { id: parseContainerId(id), names: [], layer: parseLayerId(of), created, unknownFields: {}, ...none, ...more }
}

function item(key: string, text: string): BigDataItem {
  return { key, size: text.length, digest, content: { kind: 'bytes', bytes: Buffer.from(text) } }
}

function ids(rows: readonly { readonly id: string }[]): readonly string[] {
  return rows.map(({ id }) => id)
}

/** All that a new process finds, records and content. */
async function found(store: FakeStore): Promise<unknown> {
  const records = store.reopened()
  // A writer first: it clears away what a crash left.
  await records.transact({ write: ['layers', 'images', 'containers'] }, () => undefined)
  return await records.transact({ read: ['layers', 'images', 'containers'] }, (tx) => ({
    layers: tx.layers.list(),
    images: tx.images.list(),
    containers: tx.containers.list(),
    contents: store.contents.list(),
    data: [...dataOf(store.paths.layers), ...dataOf(store.paths.images), ...dataOf(store.paths.containers)],
  }))
}

/** Names of data files and directories; record files, locks and rooms for temporary things are not data. */
function dataOf(directory: string): readonly string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => !/\.(?:json|lock)$|^tmp(?:$|\/)/.test(name)).toSorted()
}

/** Two layers, an image of them, a container, all with data. */
async function fill(records: Records, store: FakeStore): Promise<void> {
  const tarSplitPath = join(store.root, 'a-tar-split')
  writeFileSync(tarSplitPath, 'tar-split')
  await records.transact({ write: ['layers', 'images', 'containers'] }, (tx) => {
    const bigData = [item('layer data', 'l')]
    tx.layers.add(layer('base', { names: ['b'] }), { content: store.contents.staged('base'), tarSplitPath, bigData })
    tx.layers.add(layer('top', { parent: parseLayerId('base') }), { content: store.contents.staged('top') })
    tx.images.add(image('img', { names: ['i'], layer: parseLayerId('top') }), [item('manifest', 'm'), item('x', 'y')])
    tx.layers.add(layer('rw', { parent: parseLayerId('top') }), { content: store.contents.staged('rw') })
    tx.containers.add(container('c', 'rw', { image: parseImageId('img') }), [item('some_data', 'd')])
  })
}

test('what one transaction wrote the next process reads, and every piece of data lies in its place', async () => {
  using store = fakeStore()
  await fill(store.reopened(), store)

  const seen = await store.reopened().transact({ read: ['layers', 'images', 'containers'] }, (tx) => {
    const base = tx.layers.get('b')
    return {
      layers: ids(tx.layers.list()),
      children: ids(tx.layers.childrenOf(base.id)),
      byPrefix: tx.layers.find('to')?.id,
      image: tx.images.get('i').id,
      byDigest: ids(tx.images.withDigest(digest)),
      sizes: tx.images.get('img').bigDataSizes,
      containerOfLayer: tx.containers.get('rw').id,
      data: readFileSync(tx.layers.bigDataPath(base.id, 'layer data'), 'utf8'),
      manifest: readFileSync(tx.images.bigDataPath(parseImageId('img'), 'manifest'), 'utf8'),
      tarSplit: readFileSync(tx.layers.tarSplitPath(base.id), 'utf8'),
      flags: tx.layers.list().map((row) => row.flags),
    }
  })
  assert.deepEqual(seen, {
    layers: ['base', 'top', 'rw'],
    children: ['top'],
    byPrefix: 'top',
    image: 'img',
    byDigest: ['img'],
    sizes: { manifest: 1, x: 1 },
    containerOfLayer: 'c',
    data: 'l',
    manifest: 'm',
    tarSplit: 'tar-split',
    flags: [undefined, undefined, undefined],
  })
  assert.deepEqual(store.contents.list(), ['base', 'rw', 'top'])
  assert.equal(statSync(store.paths.layersFile).mode & 0o777, 0o600)
})

test('a transaction of many layers saves layers.json twice, and one that reads saves nothing', async () => {
  using store = fakeStore()
  const steps: string[] = []
  const records = store.reopened((step) => void steps.push(step))
  await records.transact({ write: ['layers', 'images'] }, (tx) => {
    for (let n = 0; n < 30; n++) tx.layers.add(layer(`l${n}`), { content: store.contents.staged('') })
    tx.images.add(image('img', { layer: parseLayerId('l29') }))
  })
  assert.deepEqual(
    steps.filter((step) => step.startsWith('save')),
    ['save layers.json', 'save layers.json', 'save images.json'],
  )
  steps.length = 0
  await records.transact({ write: ['layers', 'images', 'containers'] }, (tx) => tx.layers.list().length)
  await records.transact({ write: ['layers'] }, (tx) =>
    tx.layers.setMount(parseLayerId('l0'), { path: '/m', count: 1 }),
  )
  assert.deepEqual(steps, ['save mountpoints.json'])
})

test('a body that throws leaves the disk and the memory as they were', async () => {
  using store = fakeStore()
  const records = store.reopened()
  await fill(records, store)
  const before = await found(store)
  const file = readFileSync(store.paths.layersFile)
  await assert.rejects(
    records.transact({ write: ['layers', 'images', 'containers'] }, (tx) => {
      tx.layers.add(layer('new'), { content: store.contents.staged('new') })
      tx.layers.remove(parseLayerId('rw'))
      tx.images.remove(parseImageId('img'))
      tx.containers.replace({ ...tx.containers.get('c'), metadata: 'changed' })
      throw new Error('thought better of it')
    }),
    /thought better of it/,
  )
  assert.deepEqual(readFileSync(store.paths.layersFile), file)
  assert.deepEqual(await found(store), before)
  assert.deepEqual(await records.transact({ read: ['layers'] }, (tx) => ids(tx.layers.list())), ['base', 'top', 'rw'])
})

test('a body that would go on after its locks are gone is refused, and nothing of it is saved', async () => {
  using store = fakeStore()
  const records = store.reopened()
  // Somebody got around the type, which refuses promises.
  const later: unknown = Promise.resolve()
  await assert.rejects(
    records.transact({ write: ['layers'] }, (tx) => {
      tx.layers.add(layer('late'))
      return later
    }),
    /must not be asynchronous/,
  )
  assert.equal(existsSync(store.paths.layersFile), false)
})

test('ids and names in use are refused; a new name is taken from its owner; names count once', async () => {
  using store = fakeStore()
  const records = store.reopened()
  await fill(records, store)
  const tables = { write: ['layers', 'images', 'containers'] } as const
  await assert.rejects(
    records.transact(tables, (tx) => void tx.layers.add(layer('base'))),
    /that ID is already in use/,
  )
  await assert.rejects(
    records.transact(tables, (tx) => void tx.layers.add(layer('n', { names: ['b'] }))),
    (error) => isFault(error, 'name-in-use') && error.message === 'that name is already in use',
  )
  await assert.rejects(
    records.transact(tables, (tx) => void tx.images.add(image('n', { names: ['i'] }))),
    /^Fault: image name "i" is already associated with image "img": that name is already in use$/,
  )
  await assert.rejects(
    records.transact(tables, (tx) => void tx.images.add(image('img'))),
    /an image with ID "img" already exists: that ID is already in use/,
  )
  await records.transact(tables, (tx) => {
    tx.layers.replace({ ...tx.layers.get('top'), names: ['b', 'b', 't'] })
  })
  const names = await store.reopened().transact({ read: ['layers'] }, (tx) => tx.layers.list().map((row) => row.names))
  assert.deepEqual(names, [[], ['b', 't'], []])
})

test('a fault at any step of adding or removing leaves everything as before or everything as after', async () => {
  const scenarios: readonly (readonly [string, (records: Records, store: FakeStore) => Promise<unknown>])[] = [
    [
      'add',
      (records, store) =>
        records.transact({ write: ['layers', 'images'] }, (tx) => {
          const bigData = [item('k', 'v')]
          tx.layers.add(layer('n1'), { content: store.contents.staged('n1'), bigData })
          tx.layers.add(layer('n2', { parent: parseLayerId('n1') }), { content: store.contents.staged('n2') })
        }),
    ],
    [
      'remove',
      (records) =>
        records.transact({ write: ['layers', 'containers'] }, (tx) => {
          tx.layers.remove(parseLayerId('rw'))
        }),
    ],
  ]
  for (const [name, act] of scenarios) {
    for (let at = 0, done = false; !done; at++) {
      using store = fakeStore()
      await fill(store.reopened(), store)
      const before = await found(store)
      let steps = 0
      const records = store.reopened(() => {
        if (steps++ === at) throw new Error('injected')
      })
      const outcome = await act(records, store).then(
        () => 'done',
        (error: unknown) => String(error),
      )
      if (outcome === 'done') {
        assert.ok(at > 2, `${name} took ${at} steps`)
        assert.notDeepEqual(await found(store), before)
        done = true
        continue
      }
      assert.equal(outcome, 'Error: injected', `${name} at step ${at}`)
      // A removal is carried to its end once the mark is on disk; everything else is undone.
      const after = await found(store)
      const isRemoved = name === 'remove' && !store.contents.list().includes('rw')
      if (!isRemoved) assert.deepEqual(after, before, `${name} at step ${at}`)
      else assert.deepEqual(store.contents.list(), ['base', 'top'])
    }
  }
})

test('a disk that is full is noticed before anything has changed: of an image either all comes or nothing', async () => {
  const pull = async (store: FakeStore, onStep: (step: string) => void): Promise<void> => {
    await store.reopened(onStep).transact({ write: ['layers', 'images', 'containers'] }, (tx) => {
      tx.layers.add(layer('n'), { content: store.contents.staged('n') })
      tx.images.add(image('new', { layer: parseLayerId('n') }), [item('manifest', 'm')])
      tx.containers.add(container('new', 'n'), [item('k', 'v')])
    })
  }
  const steps: string[] = []
  {
    using store = fakeStore()
    await pull(store, (step) => void steps.push(step))
  }
  // Renaming what has been prepared takes no room.
  const takesRoom = (step: string): boolean =>
    !(step.startsWith('save') && steps.includes(step.replace('save', 'prepare')))
  assert.deepEqual(steps.filter(takesRoom), [
    'prepare images.json',
    'prepare containers.json',
    'save layers.json',
    'commit n',
    'sync',
    'save layers.json',
  ])
  for (const [at, full] of steps.entries()) {
    if (!takesRoom(full)) continue
    using store = fakeStore()
    await fill(store.reopened(), store)
    const before = await found(store)
    const files = filesOf(store)
    let step = 0
    const failing = pull(store, () => {
      if (step++ === at) throw new Error('full')
    })
    await assert.rejects(failing, /full/)
    assert.deepEqual(filesOf(store), files, full)
    assert.deepEqual(await found(store), before, full)
  }
})

function filesOf(store: FakeStore): readonly string[] {
  const files = readdirSync(store.root, { recursive: true, encoding: 'utf8' })
  return files.filter((path) => !/^fake-(?:staging|trash)/.test(path)).toSorted()
}

test('a failed transaction can be followed by another under the same locks', async () => {
  using store = fakeStore()
  let fail = false
  const records = store.reopened((step) => {
    if (fail && step.startsWith('commit')) throw new Error('injected')
  })
  await using held = await records.holding({ write: ['layers'] })
  held.transact((tx) => void tx.layers.add(layer('first'), { content: store.contents.staged('') }))
  fail = true
  const contents = new (class {
    commit(): void {
      throw new Error('injected')
    }
  })()
  assert.throws(() => held.transact((tx) => void tx.layers.add(layer('second'), { content: contents })), /injected/)
  assert.deepEqual(ids(held.tables.layers.list()), ['first'])
  held.transact((tx) => void tx.layers.add(layer('third')))
  assert.deepEqual(ids(held.tables.layers.list()), ['first', 'third'])
  assert.doesNotMatch(readFileSync(store.paths.layersFile, 'utf8'), /second|incomplete/)
})

test('killed at any step: the next process finds everything as before or as after, and no leftovers', async () => {
  const child = join(import.meta.dirname, 'killed-transaction.ts')
  for (const act of ['add', 'remove']) {
    for (let at = 0, done = false; !done; at++) {
      using store = fakeStore()
      await fill(store.reopened(), store)
      const before = await found(store)
      const process_ = spawn(process.execPath, [child, store.root, act, String(at)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      const [code, signal] = (await once(process_, 'exit')) as [number | null, string | null]
      const after = await found(store)
      if (code === 0) {
        assert.ok(at >= 4, `${act} took ${at} steps`)
        assert.notDeepEqual(after, before)
        done = true
        continue
      }
      assert.equal(signal, 'SIGKILL')
      const whole = act === 'add' ? ['base', 'n1', 'n2', 'rw', 'top'] : ['base', 'top']
      const contents = store.contents.list()
      if (contents.length === 3) assert.deepEqual(after, before, `${act} at step ${at}`)
      else assert.deepEqual(contents, whole, `${act} at step ${at}`)
      for (const root of [store.paths.tempRoot, join(store.root, 'fake-tempdirs')]) {
        assert.deepEqual(existsSync(root) ? readdirSync(root) : [], [], `${act} at step ${at}`)
      }
    }
  }
})

test('a layer that a crash left incomplete is removed with its content, also when somebody only wants to read', async () => {
  for (const access of ['read', 'write'] as const) {
    using store = fakeStore()
    await fill(store.reopened(), store)
    const text = readFileSync(store.paths.layersFile, 'utf8')
    const marked = text.replace('"id":"rw",', '"id":"rw","flags":{"incomplete":true,"other":1},')
    assert.notEqual(marked, text)
    writeFileSync(store.paths.layersFile, marked)
    const records = store.reopened()
    const locks = access === 'read' ? { read: ['layers'] as const } : { write: ['layers'] as const }
    assert.deepEqual(await records.transact(locks, (tx) => ids(tx.layers.list())), ['base', 'top'])
    assert.deepEqual(store.contents.list(), ['base', 'top'])
    assert.doesNotMatch(readFileSync(store.paths.layersFile, 'utf8'), /rw/)
  }
})

test('a layer that cannot be removed stays marked, the others go, and the reader is told', async () => {
  using store = fakeStore()
  await fill(store.reopened(), store)
  const text = readFileSync(store.paths.layersFile, 'utf8').replaceAll(
    '"created"',
    '"flags":{"incomplete":true},"created"',
  )
  writeFileSync(store.paths.layersFile, text)
  const records = store.reopened((step) => {
    if (step === 'remove top') throw new Error('busy')
  })
  await assert.rejects(
    records.transact({ write: ['layers'] }, () => undefined),
    /busy/,
  )
  assert.match(readFileSync(store.paths.layersFile, 'utf8'), /^\[\{"id":"top".*"incomplete":true/)
  assert.deepEqual(await store.reopened().transact({ read: ['layers'] }, (tx) => ids(tx.layers.list())), [])
})

test('a name on two records stays with the later one, and the file is put right', async () => {
  using store = fakeStore()
  await fill(store.reopened(), store)
  writeFileSync(
    store.paths.layersFile,
    `[{"id":"a","names":["n","m"],"created":"${created}"},{"id":"b","names":["n"],"created":"${created}"}]`,
  )
  writeFileSync(
    store.paths.imagesFile,
    `[{"id":"a","names":["n"],"created":"${created}"},{"id":"b","names":["n"],"created":"${created}"}]`,
  )
  writeFileSync(
    store.paths.containersFile,
    `[{"id":"a","names":["n"],"layer":"x","created":"${created}"},{"id":"b","names":["n"],"layer":"y","created":"${created}"}]`,
  )
  const names = await store
    .reopened()
    .transact({ read: ['layers', 'images', 'containers'] }, (tx) => [
      tx.layers.list().map((row) => row.names),
      tx.images.get('n').id,
      tx.containers.get('n').id,
    ])
  assert.deepEqual(names, [[['m'], ['n']], 'b', 'b'])
  const files = [store.paths.layersFile, store.paths.imagesFile, store.paths.containersFile]
  for (const file of files) assert.equal(readFileSync(file, 'utf8').match(/"n"/g)?.length, 1, file)
})

test('records of volatile files are read, found, and stay where they are until they go', async () => {
  using store = fakeStore()
  await fill(store.reopened(), store)
  const volatileLayers = `[{"id":"v","created":"${created}","future":1}]`
  const volatileContainers = `[{"id":"vc","image":"","layer":"v","created":"${created}"}]`
  writeFileSync(store.paths.volatileLayersFile, volatileLayers)
  writeFileSync(store.paths.volatileContainersFile, volatileContainers)
  const records = store.reopened()
  await records.transact({ write: ['layers', 'containers'] }, (tx) => {
    assert.equal(tx.layers.isVolatile(parseLayerId('v')), true)
    tx.layers.replace({ ...tx.layers.get('base'), metadata: 'new' })
    tx.containers.replace({ ...tx.containers.get('c'), metadata: 'new' })
  })
  assert.equal(readFileSync(store.paths.volatileLayersFile, 'utf8'), volatileLayers)
  assert.equal(readFileSync(store.paths.volatileContainersFile, 'utf8'), volatileContainers)
  assert.doesNotMatch(readFileSync(store.paths.layersFile, 'utf8'), /"v"/)
  await records.transact({ write: ['layers', 'containers'] }, (tx) => {
    tx.containers.remove(parseContainerId('vc'))
    tx.layers.remove(parseLayerId('v'))
  })
  assert.equal(readFileSync(store.paths.volatileLayersFile, 'utf8'), '[]')
  assert.equal(readFileSync(store.paths.volatileContainersFile, 'utf8'), '[]')
})

test('records that cannot be read stop every operation, and the file is not touched', async () => {
  using store = fakeStore()
  await fill(store.reopened(), store)
  writeFileSync(store.paths.layersFile, '[{"id":"a"')
  const records = store.reopened()
  for (const locks of [{ read: ['layers'] as const }, { write: ['layers'] as const }]) {
    await assert.rejects(
      records.transact(locks, () => undefined),
      (error) => isFault(error, 'records-invalid') && error.failure.path === store.paths.layersFile,
    )
  }
  assert.equal(readFileSync(store.paths.layersFile, 'utf8'), '[{"id":"a"')
  writeFileSync(store.paths.layersFile, 'null')
  assert.deepEqual(await records.transact({ read: ['layers'] }, (tx) => tx.layers.list()), [])
})

test('what another process wrote is seen, by its token or by the time of the file', async () => {
  using store = fakeStore()
  const [ours, theirs] = [store.reopened(), store.reopened()]
  await fill(ours, store)
  await theirs.transact({ write: ['layers', 'images'] }, (tx) => {
    tx.layers.add(layer('theirs'))
    tx.images.remove(parseImageId('img'))
  })
  assert.deepEqual(
    await ours.transact({ read: ['layers', 'images'] }, (tx) => [tx.layers.find('theirs')?.id, tx.images.list()]),
    ['theirs', []],
  )
  // A program that knows no tokens.
  writeFileSync(store.paths.layersFile, `[{"id":"edited","created":"${created}"}]`)
  utimesSync(store.paths.layersFile, 1, 1)
  assert.deepEqual(await ours.transact({ read: ['layers'] }, (tx) => ids(tx.layers.list())), ['edited'])
})

test('mounts are counted in their own file, found by prefix, and forgotten with their layer', async () => {
  using store = fakeStore()
  const records = store.reopened()
  await fill(records, store)
  const [rw, top] = [parseLayerId('rw'), parseLayerId('top')]
  await records.transact({ write: ['layers'] }, (tx) => {
    tx.layers.setMount(rw, { path: '/m', count: 2 })
    tx.layers.setMount(top, { path: '/t', count: 1 })
  })
  assert.equal(
    readFileSync(store.paths.mountsFile, 'utf8'),
    '[{"id":"top","path":"/t","count":1},{"id":"rw","path":"/m","count":2}]',
  )
  writeFileSync(
    store.paths.mountsFile,
    '[{"id":"r","path":"/m","count":3},{"id":"gone","path":"/g","count":1},{"id":"base","path":"","count":1}]',
  )
  const other = store.reopened()
  const mountsOf = async (): Promise<unknown> =>
    await other.transact({ read: ['layers'] }, (tx) => tx.layers.list().map(({ id }) => tx.layers.mountOf(id)))
  assert.deepEqual(await mountsOf(), [undefined, undefined, { path: '/m', count: 3 }])
  await other.transact({ write: ['layers', 'containers'] }, (tx) => tx.layers.remove(rw))
  assert.equal(readFileSync(store.paths.mountsFile, 'utf8'), '[]')
})

test('a waiting transaction can be cancelled; one whose body has run is carried to its end', async () => {
  using store = fakeStore()
  const records = store.reopened()
  await fill(records, store)
  const cancel = new AbortController()
  const held = await records.holding({ write: ['layers'] })
  const waiting = records.transact({ read: ['layers'] }, (tx) => tx.layers.list(), { signal: cancel.signal })
  cancel.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
  await held[Symbol.asyncDispose]()

  const late = new AbortController()
  await records.transact(
    { write: ['layers'] },
    (tx) => {
      tx.layers.add(layer('new'))
      late.abort()
    },
    { signal: late.signal },
  )
  assert.equal(await records.transact({ read: ['layers'] }, (tx) => tx.layers.find('new')?.id), 'new')
})

test('two processes that write at once lose nothing of each other', async () => {
  using store = fakeStore()
  const child = join(import.meta.dirname, 'many-transactions.ts')
  const writers = ['x', 'y', 'z'].map((name) =>
    spawn(process.execPath, [child, store.root, name, '15'], { stdio: 'inherit' }),
  )
  for (const [code] of await Promise.all(writers.map(async (writer) => once(writer, 'exit')))) assert.equal(code, 0)
  const names = await store.reopened().transact({ read: ['layers'] }, (tx) => ids(tx.layers.list()))
  const wanted = ['x', 'y', 'z'].flatMap((name) => Array.from({ length: 15 }, (_, n) => `${name}${n}`))
  assert.deepEqual(names.toSorted(), wanted.toSorted())
  assert.deepEqual(store.contents.list(), wanted.toSorted())
})

test('a removed layer takes its content, its tar-split and its big data along', async () => {
  using store = fakeStore()
  const records = store.reopened()
  await fill(records, store)
  assert.deepEqual(dataOf(store.paths.layers), ['base', 'base.tar-split.gz', 'base/=bGF5ZXIgZGF0YQ=='])
  await records.transact({ write: ['layers'] }, (tx) => tx.layers.remove(parseLayerId('base')))
  assert.deepEqual(dataOf(store.paths.layers), [])
  assert.deepEqual(store.contents.list(), ['rw', 'top'])
  assert.deepEqual(readdirSync(store.paths.tempRoot), [])
})

test('big data of removed images and containers goes, also a directory that only the run root has', async () => {
  using store = fakeStore()
  const records = store.reopened()
  await fill(records, store)
  mkdirSync(join(store.paths.containerRunData(parseContainerId('c')), 'userdata'), { recursive: true })
  await records.transact({ write: ['images', 'containers'] }, (tx) => {
    tx.images.remove(parseImageId('img'))
    tx.containers.remove(parseContainerId('c'))
  })
  assert.deepEqual([dataOf(store.paths.images), dataOf(store.paths.containers)], [[], []])
  assert.deepEqual(readdirSync(store.paths.runContainers), [])
  assert.deepEqual(readdirSync(store.paths.tempRoot), [])
})

test('a long look sees one state of several tables, and writers wait until it is over', async () => {
  using store = fakeStore()
  const records = store.reopened()
  await fill(records, store)
  const order: string[] = []
  const tables = await records.reading(['layers', 'images'])
  const writing = records
    .transact({ write: ['images'] }, (tx) => tx.images.remove(parseImageId('img')))
    .finally(() => order.push('written'))
  const reading = await records.reading(['layers'])
  assert.deepEqual(ids(reading.layers.list()), ['base', 'top', 'rw'])
  reading[Symbol.dispose]()
  assert.equal(tables.images.get('i').layer, 'top')
  order.push('looked')
  tables[Symbol.dispose]()
  await writing
  assert.deepEqual(order, ['looked', 'written'])
  assert.deepEqual(await records.transact({ read: ['images'] }, (tx) => tx.images.list()), [])
})

test('while somebody shuts the store down nobody begins anything with its layers', async () => {
  using store = fakeStore()
  const [ours, theirs] = [store.reopened(), store.reopened()]
  await fill(ours, store)
  const order: string[] = []
  const closing = await theirs.holding({ write: ['layers'] }, { graphLock: 'kept' })
  const waiting = ours.transact({ read: ['layers'] }, (tx) => tx.layers.list()).finally(() => order.push('begun'))
  closing.announceShutdown()
  order.push('shut down')
  await closing[Symbol.asyncDispose]()
  assert.equal((await waiting).length, 3)
  assert.deepEqual(order, ['shut down', 'begun'])
  assert.equal(statSync(store.paths.graphLock).size, 64)
})
