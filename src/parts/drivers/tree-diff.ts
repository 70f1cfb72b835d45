import type { Cancellable, IdMaps } from '#model'
import { changesBetween, changesSize, exportChanges, exportTree, type FileChange } from '#parts/changeset'
import type { DiffOptions } from './driver.ts'

/** Two whole trees, of a layer and of what it is compared with: nothing of that, and all is added. */
export interface ComparedTrees {
  readonly tree: string
  readonly before: string | undefined
}

/** Found by walking both trees (spec/drivers §2.2): for drivers, and in cases, in which nothing tells what a layer changed. */
export function treeChanges(trees: ComparedTrees, options: DiffOptions): AsyncIterable<FileChange> {
  return changesBetween(trees.tree, trees.before, {
    ...withSignal(options),
    newMaps: options.idMaps,
    oldMaps: options.parentIdMaps,
  })
}

/** The tar of these changes. */
export function treeDiff(trees: ComparedTrees, options: DiffOptions): AsyncIterable<Uint8Array> {
  const { idMaps } = options
  if (trees.before === undefined) return exportTree(trees.tree, { ...withSignal(options), idMaps })
  return exportChanges(trees.tree, treeChanges(trees, options), { ...withSignal(options), idMaps })
}

/** Bytes of the files that these changes add or modify. */
export async function treeDiffSize(trees: ComparedTrees, options: DiffOptions): Promise<number> {
  return await changesSize(trees.tree, treeChanges(trees, options), withSignal(options))
}

export function withSignal(options: Cancellable & { readonly idMaps?: IdMaps }): Cancellable {
  return options.signal === undefined ? {} : { signal: options.signal }
}
