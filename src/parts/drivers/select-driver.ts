import { existsSync } from 'node:fs'
import path from 'node:path'
import { Fault, isFault } from '#model'
import type { Driver } from './driver.ts'
import { createOverlayDriver } from './overlay-driver.ts'
import { createVfsDriver } from './vfs-driver.ts'

export interface DriverSelection {
  readonly graphRoot: string
  readonly runRoot: string
  /** Absent: what lies in the graph root decides, then what works here. */
  readonly name?: string
  /** `key=value`, as storage.conf and `--storage-opt` give them (spec/drivers §1.5). */
  readonly options?: readonly string[]
  /** Names in the order in which they are tried, from storage.conf (`driver_priority`). */
  readonly priority?: readonly string[]
}

const creators = { overlay: createOverlayDriver, overlay2: createOverlayDriver, vfs: createVfsDriver } as const
const registered = ['overlay', 'overlay2', 'btrfs', 'zfs', 'vfs'] as const
const defaultPriority = ['overlay', 'btrfs', 'zfs', 'vfs'] as const

/**
 * The driver of a store: the named one, else the one whose directory is there, else the first that works here
 * (spec/drivers §1.4). A named or a prior driver is not probed: whether it works shows when it is needed.
 * @throws Fault `driver-unsupported`, `driver-ambiguous`, `driver-none`, `driver-option-invalid`
 */
export async function selectDriver(selection: DriverSelection): Promise<Driver> {
  if (selection.name !== undefined && selection.name !== '') return create(selection.name, selection)
  return priorDriver(selection) ?? (await firstThatWorks(selection))
}

function create(name: string, selection: DriverSelection): Driver {
  if (name !== 'overlay' && name !== 'overlay2' && name !== 'vfs') {
    const problem = `failed to GetDriver graph ${name} ${selection.graphRoot}`
    throw new Fault({ code: 'driver-unsupported', driver: name, problem })
  }
  const { graphRoot, runRoot, options = [] } = selection
  return creators[name]({ graphRoot, runRoot, options })
}

function priorDriver(selection: DriverSelection): Driver | undefined {
  const isConfigured = (selection.priority ?? []).length > 0
  // Any program may have left a `vfs` behind: it counts only where somebody asks for it.
  const prior = registered
    .filter((name) => isConfigured || name !== 'vfs')
    .filter((name) => existsSync(path.join(selection.graphRoot, name)))
  const name = priorityOf(selection).find((candidate) => prior.some((found) => found === candidate))
  if (name === undefined) return undefined
  if (prior.length > 1) throw new Fault({ code: 'driver-ambiguous', root: selection.graphRoot, drivers: prior })
  return create(name, selection)
}

async function firstThatWorks(selection: DriverSelection): Promise<Driver> {
  for (const name of new Set([...priorityOf(selection), ...registered])) {
    try {
      const driver = create(name, selection)
      await driver.prepare()
      return driver
    } catch (error) {
      if (!isFault(error, 'driver-unsupported')) throw error
    }
  }
  throw new Fault({ code: 'driver-none' })
}

function priorityOf(selection: DriverSelection): readonly string[] {
  const configured = selection.priority ?? []
  return configured.length > 0 ? configured : defaultPriority
}
