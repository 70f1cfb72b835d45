import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLayerId } from '#model'
import {
  apply,
  charDevice,
  directory,
  fifo,
  file,
  hardLink,
  named,
  opaque,
  raw,
  symlink,
  whiteout,
} from './conformance-entries.ts'
import { rootStatusOf } from './root-directory.ts'
import { ConformanceStore, type ConformanceSubject } from './conformance-store.ts'
import type { StagedLayer } from './driver.ts'

const folder = 'directory 0755 0:0: '

/** What a layer shows of itself and of those below it. */
export function showsWhatLayersSay(subject: ConformanceSubject): void {
  const title = (text: string): string => `${subject.name}: ${text}`

  test(title('an empty layer is there and shows nothing'), async () => {
    await using store = new ConformanceStore(subject)
    const id = await store.layer('empty', undefined)
    assert.equal(store.driver.exists(id), true)
    assert.deepEqual(await store.ids(), ['empty'])
    assert.deepEqual(await store.tree(id), {})
  })

  test(title('a child shows its parent’s content and its own, and the parent stays as it was'), async () => {
    await using store = new ConformanceStore(subject)
    const base = await store.layer('base', undefined, [
      directory('etc'),
      file('etc/kept', 'base'),
      file('etc/changed', 'old'),
    ])
    const child = await store.layer('child', 'base', [file('etc/changed', 'new'), file('added', 'child')])
    const before = {
      etc: folder,
      'etc/changed': 'file 0644 0:0: old @1000000000',
      'etc/kept': 'file 0644 0:0: base @1000000000',
    }
    assert.deepEqual(await store.tree(base), before)
    assert.deepEqual(await store.tree(child), {
      ...before,
      'etc/changed': 'file 0644 0:0: new @1000000000',
      added: 'file 0644 0:0: child @1000000000',
    })
  })

  test(title(`a chain of ${subject.depth} layers shows something of each`), async () => {
    await using store = new ConformanceStore(subject)
    const expected: Record<string, string> = { shared: '' }
    for (let number = 0; number < subject.depth; number++) {
      const parent = number === 0 ? undefined : `layer${number - 1}`
      await store.layer(`layer${number}`, parent, [file(`own${number}`, `${number}`), file('shared', `${number}`)])
      expected[`own${number}`] = `file 0644 0:0: ${number} @1000000000`
      expected['shared'] = `file 0644 0:0: ${number} @1000000000`
    }
    assert.deepEqual(await store.tree(parseLayerId(`layer${subject.depth - 1}`)), expected)
  })

  test(title('a whiteout hides one name of the layers below, a whole directory as well as a file'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined, [
      directory('gone'),
      file('gone/file', ''),
      directory('kept'),
      file('kept/gone', ''),
      file('kept/kept', 'base'),
    ])
    const child = await store.layer('child', 'base', [whiteout('gone'), whiteout('kept/gone'), whiteout('never-there')])
    const left = { kept: folder, 'kept/kept': 'file 0644 0:0: base @1000000000' }
    assert.deepEqual(await store.tree(child), left)
    const back = await store.layer('back', 'child', [file('gone', 'a file now')])
    assert.deepEqual(await store.tree(back), { ...left, gone: 'file 0644 0:0: a file now @1000000000' })
  })

  test(title('an opaque directory hides what lower layers put there, and nothing else'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined, [
      directory('etc'),
      file('etc/old', 'base'),
      directory('etc/deep'),
      file('etc/deep/old', 'base'),
      file('beside', 'base'),
    ])
    const child = await store.layer('child', 'base', [directory('etc'), opaque('etc'), file('etc/new', 'child')])
    assert.deepEqual(await store.tree(child), {
      beside: 'file 0644 0:0: base @1000000000',
      etc: folder,
      'etc/new': 'file 0644 0:0: child @1000000000',
    })
  })

  test(title('a rename is a whiteout of the old name and content under the new one'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined, [directory('old'), file('old/file', 'moved'), symlink('link', 'old/file')])
    const child = await store.layer('child', 'base', [
      whiteout('old'),
      directory('new'),
      file('new/file', 'moved'),
      whiteout('link'),
      symlink('renamed', 'old/file'),
    ])
    assert.deepEqual(await store.tree(child), {
      new: folder,
      'new/file': 'file 0644 0:0: moved @1000000000',
      renamed: 'symlink 0777 0:0: old/file',
    })
  })

  test(title('a file takes the place of a directory, and a directory that of a file'), async () => {
    await using store = new ConformanceStore(subject)
    await store.layer('base', undefined, [
      directory('a'),
      file('a/inner', 'base'),
      file('b', 'base'),
      symlink('c', 'a'),
    ])
    const swapped = await store.layer('swapped', 'base', [
      file('a', 'now a file'),
      directory('b'),
      file('b/inner', 'in a directory'),
      directory('c'),
    ])
    assert.deepEqual(await store.tree(swapped), {
      a: 'file 0644 0:0: now a file @1000000000',
      b: folder,
      'b/inner': 'file 0644 0:0: in a directory @1000000000',
      c: folder,
    })
    const back = await store.layer('back', 'swapped', [directory('a'), file('b', 'a file again')])
    assert.deepEqual(await store.tree(back), { a: folder, b: 'file 0644 0:0: a file again @1000000000', c: folder })
  })

  test(title('hard links of one layer are one file, and a child may change one of them'), async () => {
    await using store = new ConformanceStore(subject)
    const base = await store.layer('base', undefined, [
      file('one', 'shared'),
      hardLink('two', 'one'),
      hardLink('three', 'one'),
    ])
    assert.deepEqual(await store.tree(base), {
      one: 'file 0644 0:0: shared @1000000000',
      three: 'file 0644 0:0: same as one',
      two: 'file 0644 0:0: same as one',
    })
    const child = await store.layer('child', 'base', [file('two', 'alone')])
    assert.deepEqual(await store.tree(child), {
      one: 'file 0644 0:0: shared @1000000000',
      three: 'file 0644 0:0: same as one',
      two: 'file 0644 0:0: alone @1000000000',
    })
  })

  test(title('owners and permissions are those of the layer, setuid and sticky bits among them'), async () => {
    await using store = new ConformanceStore(subject)
    const base = await store.layer('base', undefined, [
      file('su', '', { mode: 0o4755 }),
      file('secret', '', { mode: 0o600, uid: 1000, gid: 2000 }),
      file('nobody', '', { mode: 0 }),
      directory('tmp', { mode: 0o1777 }),
      directory('shared', { mode: 0o2775, gid: 50 }),
    ])
    assert.deepEqual(await store.tree(base), {
      nobody: 'file 0000 0:0:  @1000000000',
      secret: 'file 0600 1000:2000:  @1000000000',
      shared: 'directory 2775 0:50: ',
      su: 'file 4755 0:0:  @1000000000',
      tmp: 'directory 1777 0:0: ',
    })
    const child = await store.layer('child', 'base', [file('su', '', { mode: 0o755, uid: 7 })])
    assert.equal((await store.tree(child))['su'], 'file 0755 7:0:  @1000000000')
  })

  test(title('extended attributes and capabilities are kept'), async () => {
    await using store = new ConformanceStore(subject)
    const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')
    const base = await store.layer('base', undefined, [
      file('ping', 'x', { mode: 0o755, xattrs: { 'security.capability': capability } }),
      file('noted', '', { xattrs: { 'user.one': Buffer.of(0, 1, 255), 'user.two': Buffer.from('2') } }),
    ])
    const expected = {
      noted: 'file 0644 0:0 user.one=0001ff user.two=32:  @1000000000',
      ping: `file 0755 0:0 security.capability=${capability.toString('hex')}: x @1000000000`,
    }
    assert.deepEqual(await store.tree(base), expected)
    const child = await store.layer('child', 'base', [file('other', '')])
    assert.deepEqual(await store.tree(child), { ...expected, other: 'file 0644 0:0:  @1000000000' })
  })

  test(title('devices and fifos are made'), async () => {
    await using store = new ConformanceStore(subject)
    const base = await store.layer('base', undefined, [
      charDevice('null', 1, 3, { mode: 0o666 }),
      fifo('pipe', { uid: 5 }),
    ])
    const expected = { null: 'char 0666 0:0: 1:3', pipe: 'fifo 0644 5:0: ' }
    assert.deepEqual(await store.tree(base), expected)
    assert.deepEqual(await store.tree(await store.layer('child', 'base')), expected)
  })

  test(title('names that are not UTF-8 stay the bytes they were'), async () => {
    await using store = new ConformanceStore(subject)
    const latin = raw('caf\u00e9')
    const utf8 = 'caf\u00c3\u00a9'
    await store.layer('base', undefined, [named(latin, file('', 'latin')), file('café', 'utf8')])
    const child = await store.layer('child', 'base', [named(raw('d\u00ff/\u00fe'), file('', 'deep'))])
    assert.deepEqual(await store.tree(child), {
      [utf8]: 'file 0644 0:0: utf8 @1000000000',
      [latin]: 'file 0644 0:0: latin @1000000000',
      'd\u00ff': folder,
      'd\u00ff/\u00fe': 'file 0644 0:0: deep @1000000000',
    })
    const gone = await store.layer('gone', 'child', [named(raw('.wh.caf\u00e9'), file('', '')), whiteout('café')])
    assert.deepEqual(Object.keys(await store.tree(gone)), ['d\u00ff', 'd\u00ff/\u00fe'])
  })

  test(title('layers filled at once and committed together are those that were made one by one'), async () => {
    const contents = [
      [directory('etc'), file('etc/old', '0'), file('gone', '0'), directory('/', { mode: 0o751 })],
      [whiteout('gone'), directory('etc'), opaque('etc'), file('etc/new', '1')],
      [file('gone', 'back'), hardLink('again', 'gone')],
    ]
    await using serial = new ConformanceStore(subject)
    for (const [number, things] of contents.entries()) {
      await serial.layer(`layer${number}`, number === 0 ? undefined : `layer${number - 1}`, things)
    }
    await using together = new ConformanceStore(subject)
    {
      await using stack = new AsyncDisposableStack()
      const staged: StagedLayer[] = []
      for (const things of contents) {
        const layer = stack.use(await together.driver.stage(staged.at(-1)))
        staged.push(layer)
        if (together.driver.copiesParent) apply(layer.target, things)
      }
      // Where nothing is copied the order of filling is free: the base last.
      if (!together.driver.copiesParent) {
        for (const [number, layer] of [...staged.entries()].toReversed()) apply(layer.target, contents[number] ?? [])
      }
      assert.deepEqual(await together.ids(), [], 'nothing is there before it is committed')
      for (const [number, layer] of staged.entries()) together.commit(layer, `layer${number}`)
    }
    for (const name of ['layer0', 'layer1', 'layer2']) {
      const id = parseLayerId(name)
      assert.deepEqual(await together.tree(id), await serial.tree(id))
      assert.deepEqual(rootStatusOf(await together.attached(id)), rootStatusOf(await serial.attached(id)))
    }
  })
}
