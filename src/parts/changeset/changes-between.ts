import { type FileStatus, cStringOfLayerPath, findStatusAt } from '#ground/sys'
import { type Cancellable, type IdMaps, type LayerPath, identity, layerPath } from '#model'
import { DirectoryStack } from './directory-stack.ts'
import { lastToFirst } from './entries-of.ts'
import type { FileChange } from './file-change.ts'
import { isDirectory } from './file-type.ts'
import { isSameFile } from './is-same-file.ts'
import { openHostDirectory } from './open-top.ts'
import { type ReportedDirectory, reportUnreported } from './reported-directory.ts'
import { Turns } from './turns.ts'

export interface ChangesBetweenOptions extends Cancellable {
  /** By which owners were mapped to the host in the new tree, and in the old one. */
  readonly newMaps?: IdMaps | undefined
  readonly oldMaps?: IdMaps | undefined
}

/**
 * What has to be done to the old tree to get the new one (spec/drivers §9.1): metadata is compared, contents are not. In the
 * order of names, directories before what is in them. Of a directory that is gone only itself is told. Without an old directory
 * all is added. @throws Fault `system`
 */
export async function* changesBetween(
  newDirectory: string,
  oldDirectory: string | undefined,
  options: ChangesBetweenOptions = {},
): AsyncGenerator<FileChange> {
  const turns = new Turns(options)
  using comparison = new Comparison(newDirectory, oldDirectory, options)
  using steps = comparison.steps()
  for (const found of steps) {
    if (found !== undefined) yield found
    await turns.over()
  }
}

interface Level extends ReportedDirectory {
  readonly hasOld: boolean
  /** Of both trees, the next one last. */
  readonly names: LayerPath[]
}

class Comparison implements Disposable {
  readonly #new = new DirectoryStack()
  /** As deep as there is an old directory to compare with. */
  readonly #old = new DirectoryStack()
  readonly #levels: Level[] = []
  readonly #maps: { readonly new: IdMaps; readonly old: IdMaps }

  constructor(newDirectory: string, oldDirectory: string | undefined, options: ChangesBetweenOptions) {
    this.#maps = { new: options.newMaps ?? identity, old: options.oldMaps ?? identity }
    this.#new.push(layerPath(''), openHostDirectory(newDirectory))
    try {
      if (oldDirectory !== undefined) this.#old.push(layerPath(''), openHostDirectory(oldDirectory))
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
    this.#pushLevel(layerPath(''), oldDirectory !== undefined, true)
  }

  /** The next change, or nothing when one more name has been looked at without finding any. */
  *steps(): Generator<FileChange | undefined> {
    for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
      const name = level.names.pop()
      if (name === undefined) {
        this.#levels.pop()
        this.#new.leave()
        if (level.hasOld) this.#old.leave()
      } else {
        yield* this.#compare(level, name)
      }
      yield undefined
    }
  }

  [Symbol.dispose](): void {
    this.#new[Symbol.dispose]()
    this.#old[Symbol.dispose]()
  }

  *#compare(level: Level, name: LayerPath): Generator<FileChange> {
    const bytes = cStringOfLayerPath(name)
    const now = findStatusAt(this.#new.top?.fd ?? -1, bytes)
    const before = level.hasOld ? findStatusAt(this.#old.top?.fd ?? -1, bytes) : undefined
    if (now !== undefined && before !== undefined && this.#isSameInode(now, before)) return
    const kind = this.#kindOf(name, now, before)
    const path = layerPath(level.path === '' ? name : `${level.path}/${name}`)
    if (kind !== undefined) {
      yield* reportUnreported(this.#levels)
      yield { kind, path: layerPath(`/${path}`) }
    }
    if (now === undefined || !isDirectory(now.mode)) return
    const hasOld = before !== undefined && isDirectory(before.mode)
    this.#new.enter(this.#new.top?.fd ?? -1, name)
    if (hasOld) this.#old.enter(this.#old.top?.fd ?? -1, name)
    this.#pushLevel(path, hasOld, kind !== undefined)
  }

  #kindOf(
    name: LayerPath,
    now: FileStatus | undefined,
    before: FileStatus | undefined,
  ): FileChange['kind'] | undefined {
    if (now === undefined) return before === undefined ? undefined : 'delete'
    if (before === undefined) return 'add'
    const isSame = isSameFile(
      { directory: this.#new.top?.fd ?? -1, name, status: now, maps: this.#maps.new },
      { directory: this.#old.top?.fd ?? -1, name, status: before, maps: this.#maps.old },
    )
    return isSame ? undefined : 'modify'
  }

  // One file under the same name in both trees, such as a hard link that nobody has broken: nothing below it can differ.
  #isSameInode(now: FileStatus, before: FileStatus): boolean {
    return now.inode === before.inode && this.#new.top?.device === this.#old.top?.device
  }

  #pushLevel(path: LayerPath, hasOld: boolean, isReported: boolean): void {
    const names = new Set(this.#new.top?.names)
    if (hasOld) for (const name of this.#old.top?.names ?? []) names.add(name)
    this.#levels.push({ path, hasOld, isReported, names: lastToFirst([...names]) })
  }
}
