// Layers that are unpacked at the same time give the tree that one after the other gives (containerd#13030): for each layer of a chain,
// in both drivers, and as the original unpacks them, one by one.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { mountLayer, openStore, pullImage, unmountLayer } from '../../src/index.ts'
import { dice, seedOfRun } from '../crash/dice.ts'
import { type DriverName, makePlace, must } from '../place.ts'
import { treeListing } from '../tree-listing.ts'
import { HostileLayout } from './hostile-image.ts'
import { end, rawEntry } from './raw-tar.ts'
import { drivers } from './victim.ts'

const seed = seedOfRun()
const layers = 8
const rounds = Number(process.env['SHALE_HOSTILE_ROUNDS'] ?? 4)

type Listing = Readonly<Record<string, string>>

const directories = ['a', 'b', 'a/c', 'b/c', 'a/c/d', 'b/e']
const places = ['', ...directories.map((directory) => `${directory}/`)]
const names = [...directories, ...places.flatMap((place) => ['f', 'g', 'h'].map((name) => `${place}${name}`))]
const kinds = ['file', 'file', 'directory', 'symlink', 'whiteout', 'whiteout', 'opaque', 'link', 'fifo'] as const

type Kind = (typeof kinds)[number]

const parentsOf = (path: string): readonly string[] =>
  path
    .split('/')
    .map((_, depth, parts) => parts.slice(0, depth).join('/'))
    .slice(1)

/** A layer that adds to, replaces, hides and cuts off what is below it, and does not contradict itself. `below` becomes what is there with it. */
class RandomLayer {
  readonly #entries: Buffer[] = []
  readonly #said = new Map<string, Kind>()
  readonly #below: Map<string, 'directory' | 'leaf'>
  readonly #before: ReadonlyMap<string, 'directory' | 'leaf'>
  #file: string | undefined

  constructor(below: Map<string, 'directory' | 'leaf'>) {
    this.#below = below
    this.#before = new Map(below)
  }

  say(path: string, kind: Kind, target: string): void {
    if (!this.#isFree(path) || (kind === 'whiteout' && !this.#canHide(path))) return
    for (const parent of parentsOf(path)) if (!this.#said.has(parent)) this.#directory(parent, 'directory', '0000755\0')
    const base = path.slice(path.lastIndexOf('/') + 1)
    if (kind === 'directory' || kind === 'opaque') return this.#directory(path, kind, '0000750\0')
    if (kind === 'link' && this.#file === undefined) return
    this.#said.set(path, kind)
    if (kind === 'whiteout') {
      this.#hide(path)
      this.#entries.push(rawEntry({ name: `${path.slice(0, -base.length)}.wh.${base}` }))
      return
    }
    this.#hide(path)
    this.#below.set(path, 'leaf')
    if (kind === 'file') this.#entries.push(rawEntry({ name: path }, `${this.#entries.length}: ${path}`))
    if (kind === 'symlink') this.#entries.push(rawEntry({ name: path, flag: '2', link: `/${target}` }))
    if (kind === 'link') this.#entries.push(rawEntry({ name: path, flag: '1', link: this.#file ?? '' }))
    if (kind === 'fifo') this.#entries.push(rawEntry({ name: path, flag: '6' }))
    if (kind === 'file') this.#file = path
  }

  tar(): Buffer {
    return Buffer.concat([...this.#entries, end])
  }

  #isFree(path: string): boolean {
    const isThrough = parentsOf(path).every((parent) => {
      const kind = this.#said.get(parent)
      return kind === undefined || kind === 'directory' || kind === 'opaque'
    })
    return isThrough && !this.#said.has(path) && [...this.#said.keys()].every((other) => !other.startsWith(`${path}/`))
  }

  /** The kernel lists whiteouts in directories that are merged with no other. */
  #canHide(path: string): boolean {
    if (this.#before.size === 0) return false
    return parentsOf(path).every(
      (parent) => this.#before.get(parent) === 'directory' && this.#said.get(parent) !== 'opaque',
    )
  }

  #directory(path: string, kind: 'directory' | 'opaque', mode: string): void {
    this.#said.set(path, kind)
    this.#entries.push(rawEntry({ name: `${path}/`, flag: '5', at: { 100: mode } }))
    if (kind === 'opaque' || this.#below.get(path) === 'leaf') this.#hide(path)
    this.#below.set(path, 'directory')
    if (kind === 'opaque') this.#entries.push(rawEntry({ name: `${path}/.wh..wh..opq` }))
  }

  #hide(path: string): void {
    for (const other of this.#below.keys())
      if (other === path || other.startsWith(`${path}/`)) this.#below.delete(other)
  }
}

function randomLayers(random: () => number): readonly Buffer[] {
  const pick = <T>(list: readonly T[], otherwise: T): T => list[Math.floor(random() * list.length)] ?? otherwise
  const below = new Map<string, 'directory' | 'leaf'>()
  return Array.from({ length: layers }, () => {
    const layer = new RandomLayer(below)
    for (let step = 0; step < 16; step++) layer.say(pick(names, 'a'), pick(kinds, 'file'), pick(names, 'a'))
    return layer.tar()
  })
}

/** The tree of every layer after a pull that unpacks so many at once. */
async function pulled(driver: DriverName, tars: readonly Buffer[], concurrency: number): Promise<readonly Listing[]> {
  using place = makePlace(driver)
  const layout = new HostileLayout(join(place.directory, 'layout'))
  const source = layout.pointingTo(layout.image(tars))
  await using store = await openStore({ graphRoot: place.graph, runRoot: place.run, driver, durability: 'none' })
  const { plan } = await pullImage(store, source, { concurrency, names: ['chain'] })
  const trees: Listing[] = []
  for (const { id } of plan.layers) {
    const path = await mountLayer(store, id)
    trees.push(treeListing(path, { times: 'ignore' }))
    await unmountLayer(store, id)
  }
  return trees
}

function importedByOriginal(driver: DriverName, tars: readonly Buffer[]): readonly Listing[] {
  using place = makePlace(driver)
  const trees: Listing[] = []
  let parent: readonly string[] = []
  for (const tar of tars) {
    const path = join(place.directory, 'in.tar')
    writeFileSync(path, tar)
    const id = must(place.go('import-layer', '-f', path, ...parent)).split('\n')[0] ?? ''
    trees.push(treeListing(must(place.go('mount', id)).trim(), { times: 'ignore' }))
    must(place.go('unmount', id))
    parent = [id]
  }
  return trees
}

/** Names, kinds, rights and contents; what a tree says of hard links differs where a copy was made. */
const plain = (trees: readonly Listing[]): readonly Listing[] =>
  trees.map((tree) =>
    Object.fromEntries(Object.entries(tree).map(([name, facts]) => [name, facts.replace(/ links .*/, '')])),
  )

test(`layers unpacked at once make the trees that one after the other makes, in both drivers (seed ${seed})`, async () => {
  const random = dice(seed)
  for (let round = 0; round < rounds; round++) {
    const tars = randomLayers(random)
    const serial = await pulled('overlay', tars, 1)
    for (const concurrency of [3, layers]) assert.deepEqual(await pulled('overlay', tars, concurrency), serial)
    const copies = await pulled('vfs', tars, layers)
    assert.deepEqual(plain(copies), plain(serial), `round ${round}`)
  }
})

for (const driver of drivers) {
  test(`and the trees that the original makes of them (${driver}, seed ${seed})`, async () => {
    const tars = randomLayers(dice(seed))
    assert.deepEqual(await pulled(driver, tars, layers), importedByOriginal(driver, tars))
  })
}
