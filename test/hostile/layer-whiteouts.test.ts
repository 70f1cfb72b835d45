// Whiteouts that name no name, and marks in every order, brought in beside the original: who reads the store later has to find the
// same tree, whoever filled it.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Answer, type DriverName, makePlace, must } from '../place.ts'
import { treeListing } from '../tree-listing.ts'
import { end, extended, rawEntry } from './raw-tar.ts'
import { drivers, usedVictim, Victim } from './victim.ts'

const layer = (...entries: readonly Uint8Array[]): Buffer => Buffer.concat([...entries, end])
const file = (name: string, body = ''): Buffer =>
  Buffer.concat([
    ...(name.length > 100 ? [extended({ path: name })] : []),
    rawEntry({ name: name.slice(0, 100) }, body),
  ])
const directory = (name: string): Buffer => rawEntry({ name, flag: '5', at: { 100: '0000755\0' } })
const lowerAt = (place: string): readonly Buffer[] => [
  directory(`${place}d/`),
  file(`${place}d/a`, 'lower'),
  file(`${place}d/b`, 'lower'),
  directory(`${place}d/sub/`),
  file(`${place}d/sub/c`, 'lower'),
  file(`${place}top`, 'lower'),
]
const lower = layer(...lowerAt(''))

for (const driver of drivers) {
  test(`a file named exactly .wh., .wh.. or .wh... hides nothing and is refused (${driver})`, async () => {
    using victim = usedVictim(driver, lower)
    for (const name of ['.wh.', '.wh..', '.wh...', 'd/.wh.', 'd/.wh..', 'd/sub/.wh...']) {
      const failure = await victim.failure(async () => victim.attempt([lower, layer(file(name))]))
      assert.deepEqual(failure, { code: 'tar-invalid', problem: `"${name}" is a whiteout of no name` })
    }
    assert.match(
      victim.refusal(5, () => victim.pull(lower, layer(file('d/.wh..')))),
      /is a whiteout of no name/,
    )
    const id = must(victim.importLayer(lower)).split('\n')[0] ?? ''
    victim.refusal(1, () => victim.importLayer(layer(file('.wh...')), id))
    assert.ok('d/sub/c' in victim.treeOf('victim'))
  })
}

type Case = (place: string) => readonly Buffer[]

/** What a layer on top of `lower` has, in a place of its own. */
const cases: Readonly<Record<string, Case>> = {
  'opaque before what its directory gets': (at) => [
    directory(`${at}d/`),
    file(`${at}d/.wh..wh..opq`),
    file(`${at}d/a`),
  ],
  'opaque after it': (at) => [directory(`${at}d/`), file(`${at}d/a`, 'x'), file(`${at}d/.wh..wh..opq`)],
  'opaque in between': (at) => [file(`${at}d/a`, 'x'), file(`${at}d/.wh..wh..opq`), file(`${at}d/n`, 'x')],
  'opaque where no directory was named': (at) => [file(`${at}d/.wh..wh..opq`), file(`${at}d/a`, 'x')],
  'opaque above what a deeper one got': (at) => [
    directory(`${at}d/sub/`),
    file(`${at}d/sub/n`),
    file(`${at}d/.wh..wh..opq`),
  ],
  'opaque as a directory': (at) => [directory(`${at}d/.wh..wh..opq/`)],
  'a whiteout of what the layer adds later': (at) => [file(`${at}d/.wh.n`), file(`${at}d/n`, 'x')],
  'a whiteout, then another of that name': (at) => [file(`${at}d/.wh.a`), file(`${at}d/a`, 'x')],
  'a whiteout of a directory that comes back': (at) => [
    file(`${at}.wh.d`),
    directory(`${at}d/`),
    file(`${at}d/n`, 'x'),
  ],
  'a whiteout below a whiteout': (at) => [file(`${at}.wh.d`), file(`${at}d/.wh.a`)],
  'a whiteout of nothing': (at) => [file(`${at}d/.wh.nothing`)],
  'a whiteout of a whiteout': (at) => [file(`${at}.wh..wh.`)],
  'a whiteout that is a directory': (at) => [directory(`${at}d/.wh.a/`)],
  'a whiteout that is a symlink': (at) => [rawEntry({ name: `${at}d/.wh.a`, flag: '2', link: 'b' })],
  'a whiteout that is a hard link': (at) => [
    file(`${at}d/n`, 'x'),
    rawEntry({ name: `${at}d/.wh.a`, flag: '1', link: `${at}d/n` }),
  ],
  'names of aufs': (at) => [
    directory(`${at}.wh..wh.plnk/`),
    file(`${at}.wh..wh.plnk/12.34`, 'x'),
    file(`${at}.wh..wh.aufs`),
  ],
}

/** These need a layer to themselves: they speak of the root, or one of the drivers cannot say them. */
const alone: Readonly<Record<string, readonly Buffer[]>> = {
  'opaque on the root, before': [file('.wh..wh..opq'), file('n', 'x')],
  'opaque on the root, after': [file('n', 'x'), file('.wh..wh..opq')],
  'a whiteout of what the layer has added': [file('d/n', 'x'), file('d/.wh.n')],
  'another of a hidden name, then its whiteout': [file('d/a', 'x'), file('d/.wh.a')],
}

/** The trees that a program makes of layers on top of another, or that it refused them. */
function treesBy(
  program: 'go' | 'dropIn',
  driver: DriverName,
  base: Uint8Array,
  tars: readonly Uint8Array[],
): readonly (Readonly<Record<string, string>> | 'refused')[] {
  using place = makePlace(driver)
  const imported = (tar: Uint8Array, ...parent: readonly string[]) => {
    const path = join(place.directory, 'in.tar')
    writeFileSync(path, tar)
    return place[program]('import-layer', '-f', path, ...parent)
  }
  const idOf = (given: Answer) => given.stdout.split('\n')[0] ?? ''
  const parent = imported(base)
  must(parent)
  return tars.map((tar) => {
    const given = imported(tar, idOf(parent))
    if (given.status !== 0) return 'refused'
    return treeListing(must(place[program]('mount', idOf(given))).trim(), { times: 'ignore' })
  })
}

function compareWithOriginal(driver: DriverName): void {
  const places = Object.values(cases).map((_, index) => `case-${index}/`)
  const bases = layer(...places.flatMap(lowerAt))
  const together = layer(...Object.values(cases).flatMap((entries, index) => entries(places[index] ?? '')))
  assert.deepEqual(treesBy('dropIn', driver, bases, [together]), treesBy('go', driver, bases, [together]))
  const tars = Object.values(alone).map((entries) => layer(...entries))
  assert.deepEqual(treesBy('dropIn', driver, lower, tars), treesBy('go', driver, lower, tars))
}

for (const driver of drivers) {
  test(`whiteouts and opaque marks of every order mean what they mean to the original (${driver})`, () => {
    compareWithOriginal(driver)
  })

  test(`a layer that adds a directory, fills it and takes it away again takes nothing else (${driver})`, () => {
    using victim = new Victim(driver)
    const given = victim.pull(lower, layer(directory('d/'), file('d/n', 'x'), file('.wh.d')))
    // Overlay has no way to say it; vfs has.
    if (driver === 'overlay') assert.match(given.stderr, /file exists/)
    else assert.deepEqual(Object.keys(victim.treeOf('victim')), ['.', 'top'])
  })

  test(`opaque marks cost no more than what they hide, through the whole of a pull (${driver})`, () => {
    using victim = new Victim(driver)
    const depth = 250
    const directories = Array.from({ length: depth }, (_, index) => 'd/'.repeat(index + 1))
    const bottom = directories.at(-1) ?? ''
    const files = Array.from({ length: 2000 }, (_, index) => file(`${bottom}f${index}`))
    // A look at every file for each mark would be half a million looks, each through hundreds of directories.
    const marks = directories.toReversed().map((above) => file(`${above}.wh..wh..opq`))
    const began = performance.now()
    const given = victim.pull(
      layer(...files.map((_, index) => file(`${bottom}old${index}`))),
      layer(...files, ...marks),
    )
    assert.equal(given.status, 0, given.stderr)
    assert.ok(performance.now() - began < 45_000)
    const names = Object.keys(victim.treeOf('victim')).filter((name) => name.startsWith(bottom))
    assert.deepEqual([names.length, names.some((name) => name.includes('old'))], [2000, false])
  })
}
