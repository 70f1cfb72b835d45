// mountpoints.json, `link`, `lower` and the links in `l/` say where layers are shown and of what they are made. Crafted ones show nothing
// else, unmount nothing else and remove nothing else than the layers of this store.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { must } from '../place.ts'
import { CraftedStore } from './crafted-store.ts'
import { drivers } from './victim.ts'

/** A mount of somebody else, outside of the store. */
function foreignMount(directory: string) {
  const path = join(directory, 'foreign')
  mkdirSync(path)
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path])
  writeFileSync(join(path, 'secret'), 'secret')
  return {
    path,
    isMounted: () =>
      execFileSync('cut', ['-d ', '-f5', '/proc/self/mountinfo'], { encoding: 'utf8' }).split('\n').includes(path),
    [Symbol.dispose]: () => void execFileSync('umount', ['--lazy', path]),
  }
}

for (const driver of drivers) {
  test(
    `mount counts of somebody else’s directories unmount nothing there (${driver})`,
    { timeout: 300_000 },
    async (context) => {
      using store = new CraftedStore(driver)
      using foreign = foreignMount(store.victim.place.directory)
      const ids = store.rows('layers').map(({ id }) => String(id))
      const [base = '', middle = ''] = ids
      const crafts: Readonly<Record<string, string>> = {
        'paths outside': JSON.stringify(ids.map((id) => ({ id, path: foreign.path, count: 1 }))),
        'paths that lead up': JSON.stringify(
          ids.map((id) => ({ id, path: `${store.graph}/${driver}/../../foreign`, count: 1 })),
        ),
        'layers that lead up': JSON.stringify([{ id: '../../foreign', path: foreign.path, count: 1 }]),
        'one path for two layers': JSON.stringify([
          { id: base, path: foreign.path, count: 1 },
          { id: middle, path: foreign.path, count: 1 },
        ]),
        'counts below zero and beyond counting': JSON.stringify([
          { id: base, path: foreign.path, count: -1 },
          { id: middle, path: foreign.path, count: 2 ** 52 },
        ]),
        'a file that is cut': `[{"id":"${base}","path":"${foreign.path}"`,
        'no list': '{"id":1}',
        'depth without end': '['.repeat(200_000),
      }
      for (const [what, text] of Object.entries(crafts)) {
        await context.test(what, async () => {
          store.reset()
          const directory = join(store.victim.place.run, `${driver}-layers`)
          mkdirSync(directory, { recursive: true, mode: 0o700 })
          writeFileSync(join(directory, 'mountpoints.json'), text)
          store.victim.shale('unmount', '--all', '--force')
          await store.tryEverything()
          assert.ok(foreign.isMounted(), 'it was unmounted')
          assert.equal(readFileSync(join(foreign.path, 'secret'), 'utf8'), 'secret')
        })
      }
    },
  )
}

test('crafted links and lowers show and remove nothing outside of the store', { timeout: 300_000 }, async (context) => {
  using store = new CraftedStore('overlay')
  const { outside } = store.victim
  const home = join(store.graph, 'overlay')
  const top = store.rows('layers').find((row) => row['parent'] !== undefined && row['diff-digest'] !== undefined)
  const layer = join(home, String(top?.['id']))
  const far = '../'.repeat(20) + outside.slice(1)
  const write = (name: string, text: string) => () => writeFileSync(join(layer, name), text)
  const crafts: Readonly<Record<string, () => void>> = {
    'a lower that is an absolute path': write('lower', outside),
    'a lower that leads up': write('lower', `l/${far}`),
    'a lower that leads up from l': write('lower', 'l/../../../outside'),
    'a lower with other options': write('lower', `l/A,upperdir=${outside},workdir=${outside}/below`),
    'a lower with a line break': write('lower', `l/A\n${outside}`),
    'ten thousand lowers': write('lower', Array.from({ length: 10_000 }, (_, index) => `l/A${index}`).join(':')),
    'a lower through a crafted link': () => {
      symlinkSync(outside, join(home, 'l', 'OUT'))
      writeFileSync(join(layer, 'lower'), 'l/OUT')
    },
    'every link leads outside': () => {
      for (const name of readdirSync(join(home, 'l'))) {
        rmSync(join(home, 'l', name))
        symlinkSync(outside, join(home, 'l', name))
      }
    },
    'every link leads up': () => {
      for (const name of readdirSync(join(home, 'l'))) {
        rmSync(join(home, 'l', name))
        symlinkSync('../../../outside', join(home, 'l', name))
      }
    },
    'a link file that leads up': write('link', '../../../outside/secret'),
    'a link file that is a path': write('link', `${outside}/secret`),
    'a link file of megabytes': write('link', 'A'.repeat(4_000_000)),
  }
  for (const [what, craft] of Object.entries(crafts)) {
    await context.test(what, async () => {
      store.reset()
      craft()
      for (const words of [
        ['ls', 'victim', '/'],
        ['diff', 'victim'],
        ['cat', 'victim', '/secret'],
      ]) {
        assert.doesNotMatch(store.victim.shale(...words).stdout, /secret/)
      }
      const mounted = store.victim.shale('mount', 'victim')
      if (mounted.status === 0) {
        assert.ok(!readdirSync(mounted.stdout.trim()).includes('secret'))
        must(store.victim.shale('unmount', 'victim'))
      }
      await store.tryEverything()
    })
  }
})

test('a container whose record has mount options of its own is not mounted to write elsewhere', () => {
  using store = new CraftedStore('overlay')
  const { outside, place } = store.victim
  const work = join(place.directory, 'work')
  mkdirSync(work)
  const words = [`upperdir=${outside}`, `workdir=${work}`, `lowerdir=${outside}/below`, `lowerdir+=${outside}/below`]
  for (const options of [words.slice(0, 2), [`noatime,${words.join(',')}`], words.slice(2, 3), words.slice(3)]) {
    store.reset()
    store.set('containers', 0, { flags: { MountOpts: options } })
    const given = store.victim.shale('mount', 'box')
    assert.deepEqual([given.status, given.stdout], [6, ''])
    assert.match(given.stderr, /the mount option "/)
  }
  store.reset()
  store.set('containers', 0, { flags: { MountOpts: ['noatime', 'nodev'] } })
  must(store.victim.shale('mount', 'box'))
})
