import type { LayerPath } from '#model'

/** What `changes` prints. The path begins with `/` (spec/drivers §9). */
export interface FileChange {
  readonly kind: 'modify' | 'add' | 'delete'
  readonly path: LayerPath
}
