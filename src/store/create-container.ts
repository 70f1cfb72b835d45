import type { Cancellable, Container, ContainerId, IdMaps, LayerId } from '#model'
import type { Store } from './store.ts'

export interface ContainerToCreate {
  /** Default: random. */
  readonly id?: ContainerId
  readonly names?: readonly string[]
  /** Id, name or unique prefix of an id. Absent: a container of an empty tree. */
  readonly image?: string
  /** Of the container's own layer. Default: random. */
  readonly layer?: LayerId
  readonly metadata?: string
  /** Explicit maps are recorded; absent, those of the image's top layer hold; `host`: none. */
  readonly idMaps?: IdMaps | 'host'
  readonly mountLabel?: string
  readonly processLabel?: string
  readonly mountOptions?: readonly string[]
  /** Mounted without syncing. */
  readonly volatile?: boolean
  readonly storageOptions?: Readonly<Record<string, string>>
  readonly flags?: Readonly<Record<string, unknown>>
  readonly bigData?: readonly { readonly key: string; readonly bytes: Uint8Array }[]
}

/**
 * A container and its writable layer on top of the image's (CreateContainer, spec/store §5.7, without automatic user namespaces).
 * Layer, container and, where the maps want one, a re-owned copy of the image's top layer come in one transaction.
 * @throws Fault `image-unknown`, `layer-unknown`, `id-in-use`, `name-in-use`, `maps-overlap`, `labels-incomplete`
 */
export async function createContainer(
  store: Store,
  container: ContainerToCreate = {},
  options: Cancellable = {},
): Promise<Container> {
  throw new Error(`${store.root}${container.id}${options.signal}`)
}
