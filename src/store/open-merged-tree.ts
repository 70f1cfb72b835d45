import type { LayerId } from '#model'
import { MergedTree } from './merged-tree.ts'
import type { Store } from './store.ts'

/** A layer's files together with those of its parents, without a mount and without a lock. It opens descriptors only while it is asked. */
export function openMergedTree(store: Store, layer: LayerId): MergedTree {
  return new MergedTree(store.driver.directoriesOf(layer))
}
