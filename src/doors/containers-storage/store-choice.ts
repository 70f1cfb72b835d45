import { Fault } from '#model'
import { loadStorageConfiguration, type StorageConfiguration } from '#parts/config'
import type { FlagValues } from './flags.ts'

/**
 * Which store the flags mean. Files and environment count only if none of the four flags is given; as soon as one is, the others
 * begin empty, but a root that is missing beside the other root comes from the configuration (spec/cli §2).
 * @throws Fault `option-invalid` when only a driver or its options are given
 */
export async function chooseStore(flags: FlagValues): Promise<StorageConfiguration> {
  const configured = await loadStorageConfiguration()
  const graphRoot = flags.text('graph')
  const runRoot = flags.text('run')
  const driver = flags.text('storage-driver')
  const driverOptions = flags.list('storage-opt')
  if (graphRoot === '' && runRoot === '' && driver === '' && driverOptions.length === 0) return configured
  if (graphRoot === '' && runRoot === '') {
    const problem = 'no storage runroot or graphroot specified: missing necessary StoreOptions'
    throw new Fault({ code: 'store-options-missing', problem })
  }
  return {
    ...configured,
    graphRoot: graphRoot === '' ? configured.graphRoot : graphRoot,
    runRoot: runRoot === '' ? configured.runRoot : runRoot,
    driver: driver === '' ? undefined : driver === 'overlay2' ? 'overlay' : driver,
    driverPriority: [],
    driverOptions,
    imageStore: flags.text('image-store') || undefined,
    transientStore: flags.on('transient-store'),
  }
}
