import type { ApplyTarget, FileChange } from '#parts/changeset'
import type { Cancellable, IdMaps, LayerId, LayerPath } from '#model'

export interface StageOptions extends Cancellable {
  readonly idMaps?: IdMaps
  /**
   * The maps under which the content below (the template's, else the parent's) is stored. Given and other than `idMaps`,
   * all owners are rewritten for `idMaps` while staging (spec/store §6.4); absent, they are left alone.
   */
  readonly idMapsBelow?: IdMaps
  readonly mountLabel?: string
  /** `size`, `inodes`: for a container's layer. */
  readonly storageOptions?: Readonly<Record<string, string>>
  /** A container's layer is `writable`; an image's is not. Default: `image`. */
  readonly purpose?: 'image' | 'container'
  /** Another layer whose content the new one begins with; then `parent` is not looked at (spec/drivers §1.3 CreateFromTemplate). */
  readonly template?: LayerId
}

/** Content of a layer that no record names yet. Disposing removes it unless it has been committed. */
export interface StagedLayer extends AsyncDisposable {
  /** As it was given to `stage`. */
  readonly parent: LayerId | StagedLayer | undefined
  /** The id it was committed as. */
  readonly id: LayerId | undefined
  /** Where a changeset for it is to be applied. */
  readonly target: ApplyTarget
  /**
   * Makes it the content of `id`: a few renames, synchronous, for the inside of a transaction. A staged parent has to be
   * committed before. What lies at `id` without a record (a crash left it) gives way. Committing again as the same id is
   * nothing. The content must have been synced before; the renames are durable after `Driver.sync`.
   *
   * `parent`, if given, is the committed layer to stand on instead of what `stage` was given: somebody else committed the
   * same parent first, and the staged one is not needed any more. Equal content is the caller's word.
   */
  commit(id: LayerId, parent?: LayerId): void
}

/** What to attach, as data: nothing is mounted by asking. */
export type Mount =
  | { readonly kind: 'directory'; readonly path: string }
  | {
      readonly kind: 'overlay'
      readonly mountpoint: string
      /** Top first. */
      readonly lowers: readonly string[]
      readonly upper?: string
      readonly work?: string
      readonly options: readonly string[]
      readonly flags: readonly string[]
      readonly label?: string
    }

export interface MountOptions extends Cancellable {
  readonly access: 'read-only' | 'read-write'
  readonly label?: string
  /** Mount option words as a container or configuration gives them. */
  readonly options?: readonly string[]
  readonly volatile?: boolean
  readonly idMaps?: IdMaps
}

/** Content that is out of sight but not yet deleted. `finish` frees its bytes; a crash before leaves it to the next writer. */
export interface Removal {
  finish(): Promise<void>
}

/** Opens the files of a layer as it sees them, for playing a tar-split back. Paths are raw names of the tar. */
export interface DiffFiles extends AsyncDisposable {
  /** A file descriptor to read from and close. @throws Fault `file-unknown` */
  open(path: LayerPath): number
}

export interface DiskUsage {
  readonly bytes: number
  readonly inodes: number
}

/**
 * Where the content of layers lives. Small core; a driver that can do more says so by its optional members.
 * Methods that only rename are synchronous, for the inside of transactions; all others never hold a lock of the store.
 */
export interface Driver {
  readonly name: 'vfs' | 'overlay'
  /** `ROOT/<name>` */
  readonly home: string
  /** Roots of further, read-only stores that the driver's options name (`imagestore`). */
  readonly additionalImageStores: readonly string[]
  /** Directories with leftovers of deferred removals and staged content (spec/drivers §2.4), for recovery. */
  readonly tempRoots: readonly string[]
  /**
   * New content on top of `parent`: nothing, or with `template` or in a copying driver, a copy.
   *
   * The parent may be staged itself, so that a chain of layers can be filled before any is committed. Overlay looks into
   * a staged parent only at `commit`: all layers of a chain can be filled at once. A driver that `copiesParent` begins with
   * what the staged parent holds at this moment: apply to the parent first, then stage the child.
   * @throws Fault `layer-unknown`, `unsupported`
   */
  stage(parent: LayerId | StagedLayer | undefined, options?: StageOptions): Promise<StagedLayer>
  /** Whether a layer's directory holds the whole tree (vfs) and not only the layer's own changes (overlay). See `stage`. */
  readonly copiesParent: boolean
  /** For applying a further changeset to a committed layer in place, as `applydiff` does. */
  targetOf(id: LayerId, options?: Pick<StageOptions, 'idMaps'>): ApplyTarget
  exists(id: LayerId): boolean
  list(): AsyncIterable<LayerId>
  mount(id: LayerId, options: MountOptions): Promise<Mount>
  /** Attaches; returns the path where the tree is. Attaching what is attached is no error. */
  attach(mount: Mount): Promise<string>
  /** Whether the mountpoint of this layer is one now, in this mount namespace. */
  isAttached(id: LayerId): Promise<boolean>
  /** Undoes `attach`. Nothing attached is no error. */
  detach(id: LayerId): Promise<void>
  /** Changes from `parent` to `id`. */
  changes(id: LayerId, options?: DiffOptions): AsyncIterable<FileChange>
  /** An uncompressed tar of the changes, made anew from the file system (spec/drivers §4.17, §2.2). */
  diff(id: LayerId, options?: DiffOptions): AsyncIterable<Uint8Array>
  diffSize(id: LayerId, options?: DiffOptions): Promise<number>
  /** Reads files of a layer for tar-split. */
  openDiffFiles(id: LayerId): Promise<DiffFiles>
  /** Host directories of a layer's own content and, for overlay, its lowers; top first: to look at it without a mount. */
  directoriesOf(id: LayerId): readonly string[]
  /** Out of sight at once; the bytes go with `finish`. Content that is not there is no error. Synchronous: renames only. */
  remove(id: LayerId): Removal
  /** Makes what `commit` and `remove` renamed durable. Synchronous: once per transaction, before the records are saved. */
  sync(): void
  /** Whether `mount` can show these maps without owners being rewritten (spec/drivers §4.9). */
  supportsShifting(maps: IdMaps): boolean
  diskUsage(id: LayerId, options?: Cancellable): Promise<DiskUsage>
  metadata(id: LayerId): Readonly<Record<string, string>> | undefined
  status(): Promise<readonly (readonly [key: string, value: string])[]>
  /**
   * Does now what is otherwise done when it is first needed: directories, probes of the kernel. For whoever wants to know
   * whether this driver works here before there is anything to do. @throws Fault `driver-unsupported`, `unsupported`
   */
  prepare(): Promise<void>
  /**
   * Gives back what the driver holds for itself in this machine: the private mount of its home, unless a layer is mounted.
   * For the `shutdown` of a store, not for the end of a process: other programs may rely on it.
   */
  shutdown(): Promise<void>
}

export interface DiffOptions extends Cancellable {
  /**
   * What to compare with. Absent: what the layer stands on, as far as the driver knows: a driver that `copiesParent` does not,
   * and tells all of the layer as added.
   */
  readonly parent?: LayerId
  readonly idMaps?: IdMaps
  readonly parentIdMaps?: IdMaps
}
