/** What storage.conf and the environment say, as types (spec/store §7). Everything has its default here. */
export interface StorageConfiguration {
  /** Undefined: choose by what is there. */
  readonly driver: string | undefined
  readonly driverPriority: readonly string[]
  readonly runRoot: string
  readonly graphRoot: string
  readonly imageStore: string | undefined
  readonly transientStore: boolean
  /** `key=value` or `driver.key=value`, in the order in which drivers are to see them. */
  readonly driverOptions: readonly string[]
  readonly rootAutoUserNamespaceUser: string | undefined
  readonly autoUserNamespaceMinSize: number
  readonly autoUserNamespaceMaxSize: number
  readonly disableVolatile: boolean
  readonly pullOptions: Readonly<Record<string, string>>
  /** Files that were read, weakest first. */
  readonly files: readonly string[]
  /** Keys that no one knows: the file and the key. */
  readonly warnings: readonly string[]
}
