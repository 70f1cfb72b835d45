import type { Container, ContainerId, ImageId, LayerId } from '#model'
import type { BigDataItem } from './big-data.ts'

/** Containers as of the moment the lock was taken. Names: id, name, id of the container's layer, unique prefix of an id. */
export interface ContainersReader {
  find(nameOrId: string): Container | undefined
  /** @throws Fault `container-unknown` */
  get(nameOrId: string): Container
  list(): readonly Container[]
  withLayer(layer: LayerId): Container | undefined
  withImage(image: ImageId): readonly Container[]
  /** Whether the record lives in a `volatile-` file. */
  isVolatile(id: ContainerId): boolean
  /** Whether the record lists it or not: containers' items may be there unlisted. @throws Fault `path-escapes-root` */
  bigDataPath(id: ContainerId, key: string): string
}

export interface ContainersWriter extends ContainersReader {
  /** @throws Fault `id-in-use`, `name-in-use` */
  add(container: Container, bigData?: readonly BigDataItem[]): Container
  /** The row of the same id becomes this one; its names are taken away from other containers. @throws Fault `container-unknown` */
  replace(container: Container): Container
  /** @throws Fault `container-unknown`, `big-data-name-empty` */
  putBigData(id: ContainerId, item: BigDataItem): Container
  /** The row, its big data and its directories in both roots. @throws Fault `container-unknown` */
  remove(id: ContainerId): void
}
