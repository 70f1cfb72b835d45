import { execFileSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  addNames,
  createContainer,
  deleteContainer,
  deleteImage,
  diff,
  diskUsage,
  Fault,
  type LayerId,
  listAll,
  listBigData,
  mountImage,
  mountLayer,
  openMergedTree,
  openStore,
  parseContainerId,
  pullImage,
  readBigData,
  saveImage,
  shutdown,
  type Store,
  unmountImage,
  unmountLayer,
  wipe,
} from '../../src/index.ts'
import { layerPathOfText } from '#model'
import { type DriverName, must } from '../place.ts'
import { end, rawEntry } from './raw-tar.ts'
import { usedVictim, type Victim } from './victim.ts'

/** In full, as the library wants it. */
const victimName = 'localhost/victim:latest'

type Row = Readonly<Record<string, unknown>>
const kinds = ['layers', 'images', 'containers'] as const
type Kind = (typeof kinds)[number]

/** A store of two images of three layers and one container, that is put back as it was before each craft on its files. */
export class CraftedStore implements Disposable {
  readonly victim: Victim
  readonly #saved: string

  constructor(driver: DriverName) {
    const tar = (name: string) => Buffer.concat([rawEntry({ name }, name), end])
    this.victim = usedVictim(driver, tar('base'))
    must(this.victim.shale('tag', 'victim', 'base'))
    must(this.victim.pull(tar('base'), tar('middle'), tar('top')))
    must(this.victim.shale('create', 'victim', 'box'))
    this.#saved = join(this.victim.place.directory, 'saved')
    this.#unmountAll()
    execFileSync('cp', ['-a', this.victim.place.graph, this.#saved])
  }

  get graph(): string {
    return this.victim.place.graph
  }

  /** `layers.json` and the others, in the directory of their kind. */
  fileOf(kind: Kind): string {
    return join(this.graph, `${this.victim.place.driver}-${kind}`, `${kind}.json`)
  }

  reset(): void {
    this.#unmountAll()
    execFileSync('rm', ['-rf', this.graph, this.victim.place.run])
    execFileSync('cp', ['-a', this.#saved, this.graph])
  }

  rows(kind: Kind): readonly Row[] {
    return JSON.parse(readFileSync(this.fileOf(kind), 'utf8')) as readonly Row[]
  }

  /** Puts fields into the record of this place. */
  set(kind: Kind, index: number, fields: Row): void {
    this.#write(
      kind,
      this.rows(kind).map((row, place) => (place === index ? { ...row, ...fields } : row)),
    )
  }

  setAll(kind: Kind, fields: Row): void {
    this.#write(
      kind,
      this.rows(kind).map((row) => ({ ...row, ...fields })),
    )
  }

  add(kind: Kind, ...rows: readonly unknown[]): void {
    this.#write(kind, [...this.rows(kind), ...rows])
  }

  changeText(kind: Kind, change: (text: string) => string): void {
    writeFileSync(this.fileOf(kind), change(readFileSync(this.fileOf(kind), 'utf8')))
  }

  #write(kind: Kind, rows: readonly unknown[]): void {
    writeFileSync(this.fileOf(kind), JSON.stringify(rows))
  }

  /** Whose file is another than it was. */
  changedKind(): Kind {
    const isChanged = (kind: Kind) => {
      const path = this.fileOf(kind)
      const before = readFileSync(path.replace(this.graph, this.#saved))
      return !statSync(path).isFile() || !readFileSync(path).equals(before)
    }
    return kinds.find(isChanged) ?? 'layers'
  }

  async open(): Promise<Store> {
    const { graph, run, driver } = this.victim.place
    return await openStore({ graphRoot: graph, runRoot: run, driver, durability: 'none' })
  }

  /**
   * Everything that can be done with a store, one after the other, each on its own; how it ended. Only a refusal that names its reason
   * is an answer: an error of the language is a bug.
   */
  async tryEverything(): Promise<Readonly<Record<string, string>>> {
    const outcomes: Record<string, string> = {}
    await using store = await this.open()
    const source = this.victim.sourceOf(Buffer.concat([rawEntry({ name: 'another' }), end]))
    const layers = () => listAll(store).then((all) => all.layers.map(({ id }) => id))
    const operations: Readonly<Record<string, () => Promise<unknown>>> = {
      list: () => listAll(store),
      'disk usage': () => diskUsage(store),
      'big data': () => readAllBigData(store),
      trees: async () => lookAt(store, await layers()),
      diffs: async () => consumeDiffs(store, await layers()),
      'mount an image': async () => (await mountImage(store, victimName), await unmountImage(store, victimName)),
      'mount a container': async () => (
        await mountLayer(store, 'box'),
        await unmountLayer(store, 'box', { how: 'completely' })
      ),
      save: () => saveImage(store, victimName, `dir:${join(this.victim.place.directory, `saved-${Math.random()}`)}`),
      tag: () => addNames(store, victimName, ['another-name']),
      create: () => createContainer(store, { id: parseContainerId('fresh'), image: victimName }),
      pull: () => pullImage(store, source, { names: ['pulled'] }),
      'remove a container': () => deleteContainer(store, 'box'),
      'remove an image': () => deleteImage(store, victimName),
      'shut down': () => shutdown(store, { how: 'forced' }),
      wipe: () => wipe(store),
    }
    for (const [name, act] of Object.entries(operations)) outcomes[name] = await outcomeOf(act)
    this.victim.assertUntouched()
    return outcomes
  }

  #unmountAll(): void {
    const script = 'cut -d" " -f5 /proc/self/mountinfo | grep -F "$1/" | tac | xargs -r -n1 umount --lazy'
    execFileSync('sh', ['-c', script, 'sh', this.graph])
  }

  [Symbol.dispose](): void {
    this.victim[Symbol.dispose]()
  }
}

/** The code of a Fault or of the system; what else is thrown passes. */
async function outcomeOf(act: () => Promise<unknown>): Promise<string> {
  try {
    await act()
    return 'done'
  } catch (error) {
    if (error instanceof Fault) return error.failure.code
    if (error instanceof AggregateError)
      return (await Promise.all(error.errors.map((one) => outcomeOf(() => Promise.reject(one))))).join()
    if (error instanceof Error && 'code' in error && /^E[A-Z]+$/.test(String(error.code))) return String(error.code)
    throw error
  }
}

async function readAllBigData(store: Store): Promise<void> {
  for (const { id } of (await listAll(store)).images) {
    const address = { kind: 'image', object: id } as const
    for (const key of await listBigData(store, address)) await readBigData(store, { ...address, key })
  }
}

function lookAt(store: Store, layers: readonly LayerId[]): Promise<void> {
  for (const layer of layers) openMergedTree(store, layer).list(layerPathOfText(''))
  return Promise.resolve()
}

async function consumeDiffs(store: Store, layers: readonly LayerId[]): Promise<void> {
  for (const layer of layers) for await (const bytes of await diff(store, layer)) void bytes
}
