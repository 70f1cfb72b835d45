import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StagedContent } from './layer-table.ts'
import { recordsSavedBy } from './open-records.ts'
import { recordPaths, type RecordPaths } from './record-paths.ts'
import type { Durability, LayerContents, Records } from './records.ts'
import { savingFiles } from './save-file.ts'

/** For tests: a store whose layers are plain directories, and which tells before every step that changes something on disk. */
export interface FakeStore {
  readonly root: string
  readonly paths: RecordPaths
  readonly contents: FakeContents
  /** Another process's view: nothing is remembered. From now on its `onStep` is told, and nobody else's. */
  reopened(onStep?: (step: string) => void): Records
}

export function fakeStore(): FakeStore & Disposable {
  const root = mkdtempSync(join(tmpdir(), 'records-'))
  return Object.assign(fakeStoreAt(root), {
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  })
}

export function fakeStoreAt(root: string, durability: Durability = 'full'): FakeStore {
  const runRoot = join(root, 'run')
  const paths = recordPaths(root, runRoot, 'fake')
  for (const directory of [paths.layers, paths.images, paths.containers, join(runRoot, 'fake-layers')]) {
    mkdirSync(directory, { recursive: true })
  }
  let tell = (_step: string): void => undefined
  const contents = new FakeContents(root, (step) => tell(step))
  return {
    root,
    paths,
    contents,
    reopened: (onStep = () => undefined) => {
      tell = onStep
      const files = savingFiles(durability)
      const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
      return recordsSavedBy(
        { root, runRoot, driverName: 'fake', durability, contents },
        {
          save(path, text, step) {
            tell(`save ${nameOf(path)}`)
            return files.save(path, text, step)
          },
          prepare(path, text, step, room) {
            tell(`prepare ${nameOf(path)}`)
            const save = files.prepare(path, text, step, room)
            return () => {
              tell(`save ${nameOf(path)}`)
              return save()
            }
          },
        },
      )
    },
  }
}

export class FakeContents implements LayerContents {
  readonly tempRoots: readonly string[]
  readonly #home: string
  readonly #staging: string
  readonly #trash: string
  readonly #onStep: (step: string) => void

  constructor(root: string, onStep: (step: string) => void) {
    this.#home = join(root, 'fake')
    this.#staging = join(root, 'fake-staging')
    this.#trash = join(root, 'fake-trash')
    this.#onStep = onStep
    this.tempRoots = [join(root, 'fake-tempdirs')]
    for (const directory of [this.#home, this.#staging, this.#trash]) mkdirSync(directory, { recursive: true })
  }

  /** Content whose one file says `text`. */
  staged(text: string): StagedContent {
    const directory = mkdtempSync(join(this.#staging, 's-'))
    writeFileSync(join(directory, 'file'), text)
    return {
      commit: (id) => {
        this.#onStep(`commit ${id}`)
        renameSync(directory, join(this.#home, id))
      },
    }
  }

  list(): readonly string[] {
    return readdirSync(this.#home).toSorted()
  }

  remove(id: string): { finish(): Promise<void> } {
    this.#onStep(`remove ${id}`)
    const away = join(mkdtempSync(join(this.#trash, 't-')), id)
    if (this.list().includes(id)) renameSync(join(this.#home, id), away)
    return { finish: async () => rmSync(away, { recursive: true, force: true }) }
  }

  sync(): void {
    this.#onStep('sync')
  }
}
