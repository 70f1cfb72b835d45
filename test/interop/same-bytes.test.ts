// The same input to both programs, on two stores: what they write differs in times and random names, and where it is said here.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fixture } from '../fixtures/fixture.ts'
import { type Answer, type DriverName, makePlace, must, type Place } from '../place.ts'
import { treeListing } from '../tree-listing.ts'
import { copyBySkopeo } from './podman-views.ts'
import { assertSameStores } from './same-stores.ts'
import { contentOf, storeSkeleton } from './store-skeleton.ts'
import { variedTars } from './varied-tars.ts'

const drivers = ['overlay', 'vfs'] satisfies readonly DriverName[]

type Command = (...words: readonly string[]) => Answer

/** Two places, each with the program that works on it. */
function pair(driver: DriverName) {
  const [theirs, ours] = [makePlace(driver), makePlace(driver)]
  return {
    theirs,
    ours,
    both: [
      [theirs, theirs.go],
      [ours, ours.dropIn],
    ] as const satisfies readonly (readonly [Place, Command])[],
    [Symbol.dispose]: () => {
      theirs[Symbol.dispose]()
      ours[Symbol.dispose]()
    },
  }
}

/** Directories that a tar gives no time: whichever layers they are of, when they were made is all they have. */
const unnamed: Readonly<Record<string, readonly string[]>> = { 'no-dot': ['dir', 'dir/inner'] }

/** Roots and whiteouts have no time that a tar could give them either. */
function contentListing(place: Place, id: string): Readonly<Record<string, string>> {
  const isTimeless = (name: string, text: string): boolean =>
    name === '.' || text.startsWith('char 0 0:0 device 0 ') || unnamed[id]?.includes(name) === true
  return Object.fromEntries(
    Object.entries(treeListing(contentOf(place, id))).map(([name, text]) => [
      name,
      isTimeless(name, text) ? text.replace(/ at -?\d+/, '') : text,
    ]),
  )
}

for (const driver of drivers) {
  test(`layers of every kind of tar are the same on the disk, byte for byte, on ${driver}`, async (context) => {
    using tars = await variedTars()
    using stores = pair(driver)
    const { ours, theirs } = stores
    for (const [, program] of stores.both) {
      for (const [id, file] of Object.entries(tars.bases)) must(program('import-layer', '-i', id, '-n', id, '-f', file))
      must(program('import-layer', '-i', 'top', '-f', tars.top, 'edges'))
      must(program('create-layer', '-i', 'third', '-n', 'third', 'top'))
      must(program('applydiff', '-f', tars.third, 'third'))
    }
    assertSameStores(ours, theirs)
    for (const id of [...Object.keys(tars.bases), 'top', 'third']) {
      await context.test(id, () => assert.deepEqual(contentListing(ours, id), contentListing(theirs, id)))
    }
  })

  test(`records with odd names, data and maps are the same, byte for byte, on ${driver}`, async () => {
    using tars = await variedTars()
    using stores = pair(driver)
    const item = path.join(stores.ours.directory, 'item')
    writeFileSync(item, 'some bytes\n')
    const names = [
      'quote" and \\',
      'tab\tline\nreturn\r',
      '\u0001\b\f\u007f',
      '<a> & b',
      '\u2028 \u2029',
      'żółw 🐚',
      '',
    ]
    const keys = ['manifest', 'manifest-sha256:abc', 'some_data', 'Weird/Key é', 'endsupperA', 'trailé', 'abc.def9']
    for (const [, program] of stores.both) {
      must(program('import-layer', '-i', 'base', ...names.slice(0, -1).flatMap((name) => ['-n', name]), '-f', tars.top))
      must(program('create-layer', '-i', 'child', '-n', 'child', '-l', 'a label', 'base'))
      must(program('create-image', '-i', 'image', '-n', 'image <one>', '-n', 'two', '-m', 'meta "data"\n', 'child'))
      must(program('create-image', '-i', 'bare', '-d', `sha256:${'0'.repeat(64)}`, 'base'))
      for (const key of keys) {
        must(program('set-image-data', '-f', item, 'image', key))
        must(program('set-layer-data', '-f', item, 'child', key))
      }
      must(program('create-container', '-i', 'container', '-n', 'named', '-m', 'meta', 'image'))
      must(program('create-container', '-i', 'volatile', '--volatile', 'bare'))
      for (const key of keys) must(program('set-container-data', '-f', item, 'container', key))
      must(program('set-metadata', '-m', '{"json":"in json","é":[1,2]}', 'container'))
      must(program('set-names', '-n', 'moved', '-n', 'image <one>', 'bare'))
      must(program('set-names', '-n', 'more', '-n', 'two', '-n', 'more', 'bare'))
      must(program('get-container-dir', 'container'))
      must(program('get-container-run-dir', 'container'))
    }
    assertSameStores(stores.ours, stores.theirs)
  })

  const skip = driver === 'overlay' && 'overlay without id-mapped mounts: a mapped layer is re-owned and keeps its maps'
  test(`a layer under id maps is the same, byte for byte, on ${driver}`, { skip }, async () => {
    using tars = await variedTars()
    using stores = pair(driver)
    const maps = ['--uidmap', '0:100000:65536', '--gidmap', '0:200000:65536']
    for (const [, program] of stores.both) {
      must(program('create-layer', '-i', 'mapped', ...maps))
      must(program('applydiff', '-f', tars.bases['ustar'] ?? '', 'mapped'))
      must(program('import-layer', '-i', 'on-top', '-f', tars.bases['v7'] ?? '', 'mapped'))
      must(program('import-layer', '-i', 'plain', '-f', tars.bases['gnu'] ?? ''))
      must(program('create-layer', '-i', 'of-plain', ...maps, 'plain'))
    }
    // 1.43 gives the home of all layers to whoever asks last, and leaves the root of a re-owned copy to its old owner.
    assertSameStores(stores.ours, stores.theirs, /^graph\/vfs\/dir(?:\/of-plain)?$/)
    for (const id of ['mapped', 'on-top']) {
      assert.deepEqual(contentListing(stores.ours, id), contentListing(stores.theirs, id), id)
    }
    // Links are made anew for the new owner, in no order: directories change with it.
    const reowned = (place: Place) => ({ ...treeListing(contentOf(place, 'of-plain'), { times: 'ignore' }), '.': '' })
    assert.deepEqual(reowned(stores.ours), reowned(stores.theirs))
  })

  test(`what is left after removals is the same, byte for byte, on ${driver}`, async () => {
    using tars = await variedTars()
    using stores = pair(driver)
    for (const [, program] of stores.both) {
      must(program('import-layer', '-i', 'base', '-n', 'base', '-f', tars.bases['ustar'] ?? ''))
      must(program('create-layer', '-i', 'mid', '-n', 'mid', 'base'))
      must(program('create-layer', '-i', 'leaf', 'mid'))
      must(program('set-layer-data', '-f', tars.third, 'leaf', 'key'))
      must(program('create-image', '-i', 'image', '-n', 'name', 'leaf'))
      must(program('set-image-data', '-f', tars.third, 'image', 'key'))
      must(program('create-container', '-i', 'container', '-n', 'name', 'name'))
      const mountpoint = must(program('mount', 'container')).trim()
      writeFileSync(path.join(mountpoint, 'file'), 'written')
      must(program('unmount', 'container'))
      must(program('delete-container', 'container'))
      must(program('delete-image', 'image'))
      must(program('create-layer', '-i', 'again', '-n', 'mid'))
      must(program('create-layer', '-i', 'last'))
      must(program('delete-layer', 'last'))
    }
    assertSameStores(stores.ours, stores.theirs)
  })

  test(`layers.json of a pull is that of skopeo, byte for byte, on ${driver}`, async () => {
    using ours = makePlace(driver)
    using theirs = makePlace(driver)
    for (const name of ['tiny', 'edges-zstd', 'tiny-plain'] as const) {
      const { source } = await fixture(name)
      must(ours.shale('pull', '--name', `localhost/${name}:v1`, source))
      copyBySkopeo(theirs, source, `localhost/${name}:v1`)
    }
    const [actual, expected] = [storeSkeleton(ours), storeSkeleton(theirs)]
    const record = `graph/${driver}-layers/layers.json`
    assert.equal(actual[record], expected[record])
    const ofLayers = (skeleton: Readonly<Record<string, string>>) =>
      Object.fromEntries(
        Object.entries(skeleton).filter(([name]) => /-layers\/.*tar-split|^graph\/overlay\/(?!temp|\.)/.test(name)),
      )
    assert.deepEqual(ofLayers(actual), ofLayers(expected))
  })
}
