import type { Cancellable } from './cancellable.ts'

/** How far a slow task is. `done` and `total` are bytes unless it says otherwise; a total that is not known is absent. */
export type Progress =
  /** Bytes of a blob taken in. `item` names the blob: its digest where that is known, else the layer's id. */
  | { readonly kind: 'reading'; readonly item: string; readonly done: number; readonly total?: number }
  /** Bytes of the tar unpacked, out of the blob `item`. */
  | {
      readonly kind: 'unpacking'
      readonly item: string
      readonly done: number
      readonly total?: number
      readonly entries: number
    }
  /** Bytes of a blob or tar given out. */
  | { readonly kind: 'writing'; readonly item: string; readonly done: number; readonly total?: number }
  /** Everything written so far is made durable. 0 of 1 before, 1 of 1 after. */
  | { readonly kind: 'syncing'; readonly done: number; readonly total: number }
  /** Records are changed: `done` and `total` count layers and images. */
  | { readonly kind: 'committing'; readonly done: number; readonly total: number }
  /** Content is deleted: `done` and `total` count layers. */
  | { readonly kind: 'removing'; readonly done: number; readonly total: number }

/** The last parameter of what is slow and can say how far it is. */
export interface TaskOptions extends Cancellable {
  readonly onProgress?: ((progress: Progress) => void) | undefined
}
