import type { DiffId } from './digest.ts'
import type { Timestamp } from './timestamp.ts'

/** What a config may weigh. containers/image has the same limit. */
export const imageConfigSizeLimit = 4 << 20

/** How to run the image; absent is absent, whether it was left out or null. */
export interface RunConfig {
  readonly user?: string
  readonly exposedPorts: readonly string[]
  readonly environment: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly volumes: readonly string[]
  readonly workingDirectory?: string
  readonly labels: Readonly<Record<string, string>>
  readonly stopSignal?: string
}

/** One step of how the image was made. A step without a layer of its own is `emptyLayer`. */
export interface HistoryEntry {
  readonly created?: Timestamp
  readonly createdBy?: string
  readonly author?: string
  readonly comment?: string
  readonly emptyLayer: boolean
}

/** The config of an OCI or Docker image: they agree on what is read here. */
export interface ImageConfig {
  readonly created?: Timestamp
  readonly author?: string
  readonly os: string
  readonly architecture: string
  readonly variant?: string
  readonly osVersion?: string
  readonly run: RunConfig
  /** Bottom first, one for each layer of the manifest. */
  readonly diffIds: readonly DiffId[]
  readonly history: readonly HistoryEntry[]
}
