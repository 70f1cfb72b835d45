import type { ContainersReader, ContainersWriter } from './container-table.ts'
import type { ImagesReader, ImagesWriter } from './image-table.ts'
import type { LayersReader, LayersWriter } from './layer-table.ts'

/** The three kinds of records. Mounts belong to the layers. */
export type Table = 'layers' | 'images' | 'containers'

/** The one order in which locks are taken (spec/store §3.3). */
export interface Readers {
  readonly layers: LayersReader
  readonly images: ImagesReader
  readonly containers: ContainersReader
}

export interface Writers {
  readonly layers: LayersWriter
  readonly images: ImagesWriter
  readonly containers: ContainersWriter
}

export interface Locks<R extends Table = never, W extends Table = never> {
  readonly read?: readonly R[]
  readonly write?: readonly W[]
}

/** What you may touch is what you hold. */
export type Transaction<R extends Table = never, W extends Table = never> = Pick<Readers, Exclude<R, W>> &
  Pick<Writers, W>

/** Bodies of transactions are synchronous: a promise is not accepted as their result. */
export type NotPromise<T> = T extends PromiseLike<unknown> ? never : T
