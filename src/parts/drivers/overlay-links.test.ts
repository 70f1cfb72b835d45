import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { isFault } from '#model'
import { file } from './conformance-entries.ts'
import { ConformanceStore } from './conformance-store.ts'
import { contentsOf } from './conformance-tree.ts'
import { createOverlayDriver } from './overlay-driver.ts'

const subject = {
  name: 'overlay',
  create: createOverlayDriver,
  module: import.meta.resolve('./overlay-driver.ts'),
  factory: 'createOverlayDriver',
  depth: 0,
}

test('lost links are made again when a layer needs them', async () => {
  await using store = new ConformanceStore(subject)
  const { home } = store.driver
  await store.layer('base', undefined, [file('file', 'base')])
  const top = await store.layer('top', 'base')
  rmSync(path.join(home, 'l'), { recursive: true })
  mkdirSync(path.join(home, 'l'))
  assert.deepEqual(contentsOf(await store.attached(top)), { file: 'file: base @1000000000' })
  await store.driver.detach(top)
  const links = readdirSync(path.join(home, 'l')).sort()
  for (const id of ['base', 'top']) rmSync(path.join(home, id, 'link'))
  const more = await store.layer('more', 'top')
  assert.deepEqual(contentsOf(await store.attached(more)), { file: 'file: base @1000000000' })
  assert.equal(readdirSync(path.join(home, 'l')).length, links.length + 1)
})

test('links that lead to no layer are dropped in a repair, second links of a layer stay', async () => {
  await using store = new ConformanceStore(subject)
  const { home } = store.driver
  await store.layer('base', undefined)
  const top = await store.layer('top', 'base')
  const link = readFileSync(path.join(home, 'base', 'link'), 'utf8')
  symlinkSync('../base/diff', path.join(home, 'l', 'SECOND'))
  symlinkSync('../nobody/diff', path.join(home, 'l', 'DANGLING'))
  symlinkSync('/etc', path.join(home, 'l', 'ELSEWHERE'))
  rmSync(path.join(home, 'l', link))
  await store.driver.mount(top, { access: 'read-only' })
  const top1 = readFileSync(path.join(home, 'top', 'link'), 'utf8')
  assert.deepEqual(readdirSync(path.join(home, 'l')).sort(), ['SECOND', link, top1].sort())
})

test('crafted links and lowers lead nowhere', async () => {
  const isInvalid = (error: unknown): boolean => isFault(error, 'records-invalid')
  await using store = new ConformanceStore(subject)
  const { home } = store.driver
  await store.layer('base', undefined)
  const top = await store.layer('top', 'base')
  const lower = path.join(home, 'top', 'lower')
  for (const text of ['/etc', 'l/../../../../etc', '../base/diff', 'l/', 'l/A:', 'l/A,upperdir=/etc']) {
    writeFileSync(lower, text)
    await assert.rejects(store.driver.mount(top, { access: 'read-only' }), isInvalid, text)
  }
  symlinkSync('/etc', path.join(home, 'l', 'OUT'))
  writeFileSync(lower, 'l/OUT')
  await assert.rejects(store.driver.mount(top, { access: 'read-only' }), isInvalid)
  writeFileSync(path.join(home, 'top', 'link'), '../../../keep')
  writeFileSync(path.join(store.place.graphRoot, 'keep'), '')
  await store.driver.remove(top).finish()
  assert.ok(existsSync(path.join(store.place.graphRoot, 'keep')))
})

test('removing a layer takes its own link with it, and not that of another whose name it bears', async () => {
  await using store = new ConformanceStore(subject)
  const { home } = store.driver
  const link = (id: string): string => path.join(home, 'l', readFileSync(path.join(home, id, 'link'), 'utf8'))
  const base = await store.layer('base', undefined)
  const other = await store.layer('other', undefined)
  const linkOfBase = link('base')
  writeFileSync(path.join(home, 'other', 'link'), path.basename(linkOfBase))
  await store.driver.remove(other).finish()
  assert.equal(readlinkSync(linkOfBase), '../base/diff')
  await store.driver.remove(base).finish()
  assert.equal(readdirSync(path.join(home, 'l')).includes(path.basename(linkOfBase)), false)
})
