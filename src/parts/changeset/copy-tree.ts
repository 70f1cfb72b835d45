import type { Cancellable } from '#model'
import { TreeCopy } from './tree-copy.ts'
import { Turns } from './turns.ts'

export interface CopyTreeOptions extends Cancellable {
  /** `link` gives files of the source another name instead of copying them. Default: `copy`. */
  readonly content?: 'copy' | 'link'
  /** `user`: neither devices nor `trusted.` attributes are copied, as without root's rights. Default: `root`. */
  readonly rights?: 'root' | 'user'
}

/**
 * Copies a tree with owners, modes, times to the nanosecond, hard links, holes, and the attributes that containers count on
 * (spec/drivers §14.5). The destination is an existing directory, which gets the metadata of the source; names that are to be
 * made in it must not exist, but for directories. Blocks are shared where the file system can. Nothing is synced: after a crash
 * or a failure the destination is to be thrown away. @throws Fault `system`
 */
export async function copyTree(source: string, destination: string, options: CopyTreeOptions = {}): Promise<void> {
  const turns = new Turns(options)
  using copy = new TreeCopy(source, destination, options)
  using steps = copy.steps()
  while (steps.next().done !== true) await turns.over()
}
