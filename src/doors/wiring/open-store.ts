import path from 'node:path'
import { loadStorageConfiguration, type StorageConfiguration } from '#parts/config'
import { selectDriver } from '#parts/drivers'
import { createStore, type Durability, type Store, type StoreOptions } from '#store'

export interface OpenStoreOptions {
  /** Where layers, images and containers lie. Default: as Podman finds it, storage.conf or `/var/lib/containers/storage`. */
  readonly graphRoot?: string
  /** Where the state of this boot lies. Default: as Podman finds it. */
  readonly runRoot?: string
  /** `overlay` or `vfs`. Default: storage.conf, else what is there already, else what works here. */
  readonly driver?: string
  /** `key=value` or `driver.key=value`; given, they stand instead of those of storage.conf. */
  readonly driverOptions?: readonly string[]
  /** `full` (default): an operation that has returned survives a power cut. `none`: it survives this process only. */
  readonly durability?: Durability
  /** What storage.conf would say; given, no file and no variable is looked at. */
  readonly configuration?: StorageConfiguration
  /** Is told about keys of storage.conf that nobody knows. Default: nobody is. */
  readonly onWarning?: (warning: string) => void
  /** Is told after some seconds, and again and again, that somebody else holds a lock: who, and since when it is waited for. */
  readonly onLockWait?: NonNullable<StoreOptions['onWait']>
}

/**
 * Opens the store that Podman, Buildah and Skopeo use, or another one. The driver is chosen by the rules that they keep to. Records are
 * read at the first operation. Dispose it (`await using`) to give back what it holds in this process.
 *
 * @throws Fault `configuration-invalid`, `driver-unsupported`, `driver-ambiguous`, `driver-option-invalid`; ErrnoError
 */
export async function openStore(options: OpenStoreOptions = {}): Promise<Store> {
  const configuration = options.configuration ?? (await loadStorageConfiguration())
  for (const warning of configuration.warnings) options.onWarning?.(warning)

  const graphRoot = path.resolve(options.graphRoot ?? configuration.graphRoot)
  const runRoot = path.resolve(options.runRoot ?? configuration.runRoot)
  const name = options.driver ?? configuration.driver
  const driver = await selectDriver({
    graphRoot,
    runRoot,
    ...(name === undefined ? {} : { name }),
    options: options.driverOptions ?? configuration.driverOptions,
    priority: configuration.driverPriority,
  })
  return await createStore({
    graphRoot,
    runRoot,
    driver,
    durability: options.durability ?? 'full',
    ...(options.onLockWait === undefined ? {} : { onWait: options.onLockWait }),
  })
}
