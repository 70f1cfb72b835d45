import { readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { Fault } from '#model'
import { configurationFiles } from './configuration-files.ts'
import type { StorageConfiguration } from './storage-configuration.ts'
import { StorageTable } from './storage-table.ts'
import { currentUser, dataHomeOf, hasPathsOfUser, runtimeDirectoryOf, type User } from './user.ts'

export interface LoadOptions {
  readonly user?: User
  readonly systemRoot?: string
}

/**
 * Reads storage.conf, its drop-ins and the environment, in the order of spec/store §7.
 * @throws Fault `configuration-invalid` when a file that is named does not exist, or does not parse
 */
export async function loadStorageConfiguration(options: LoadOptions = {}): Promise<StorageConfiguration> {
  const user = options.user ?? currentUser()
  const files = configurationFiles(user, options.systemRoot)
  const table = new StorageTable()
  for (const file of files) table.merge(file, await parsed(file))

  return {
    driver: driverOf(table, user),
    driverPriority: table.list('storage.driver_priority'),
    ...roots(table, user),
    imageStore: table.text('storage.imagestore') || undefined,
    transientStore: table.flag('storage.transient_store'),
    driverOptions: driverOptionsOf(table, user),
    rootAutoUserNamespaceUser: table.text('storage.options.root-auto-userns-user') || undefined,
    autoUserNamespaceMinSize: table.number('storage.options.auto-userns-min-size') ?? 1024,
    autoUserNamespaceMaxSize: table.number('storage.options.auto-userns-max-size') ?? 65536,
    disableVolatile: table.flag('storage.options.disable-volatile'),
    pullOptions: table.texts('storage.options.pull_options'),
    files,
    warnings: table.warnings,
  }
}

async function parsed(file: string): Promise<Readonly<Record<string, unknown>>> {
  const { parse, TomlError } = await import('smol-toml')
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const [reason = error.message] = error.message.split('\n')
    throw new Fault(
      { code: 'configuration-invalid', file, problem: `toml: line ${error.line}: ${reason}` },
      { cause: error },
    )
  }
}

function driverOf(table: StorageTable, user: User): string | undefined {
  const name = user.environment['STORAGE_DRIVER'] || table.text('storage.driver')
  if (name === '') return undefined
  return name === 'overlay2' ? 'overlay' : name
}

function roots(table: StorageTable, user: User): Pick<StorageConfiguration, 'graphRoot' | 'runRoot'> {
  const graphRoot = table.text('storage.graphroot')
  const runRoot = table.text('storage.runroot')
  if (!hasPathsOfUser(user)) {
    return {
      graphRoot: expanded(graphRoot || '/var/lib/containers/storage', user),
      runRoot: expanded(runRoot || '/run/containers/storage', user),
    }
  }
  const ofUser = table.text('storage.rootless_storage_path')
  return {
    graphRoot: expanded(graphRoot || ofUser || path.join(dataHomeOf(user), 'containers/storage'), user),
    runRoot: expanded(runRoot || path.join(runtimeDirectoryOf(user), 'containers'), user),
  }
}

/** `$UID` is the user outside of namespaces; symbolic links are resolved as far as the path exists. */
function expanded(text: string, user: User): string {
  const whole = text
    .replaceAll(/\$UID\b|\$\{UID\}/g, String(user.uid))
    .replaceAll(
      /\$(?:\{(\w+)\}|(\w+))/g,
      (_, braced: string | undefined, bare: string | undefined) => user.environment[braced ?? bare ?? ''] ?? '',
    )
  try {
    return realpathSync(whole)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return path.normalize(whole)
    throw error
  }
}

function driverOptionsOf(table: StorageTable, user: User): readonly string[] {
  const given = user.environment['STORAGE_OPTS']
  if (given !== undefined) return given === '' ? [] : given.split(',')
  return [
    ...generalOptions(table),
    ...['btrfs', 'overlay', 'vfs', 'zfs'].flatMap((driver) => optionsOfDriver(table, driver)),
  ]
}

function generalOptions(table: StorageTable): readonly string[] {
  const texts = ['size', 'mount_program', 'skip_mount_home', 'ignore_chown_errors'].map(
    (key) => [key, table.text(`storage.options.${key}`)] as const,
  )
  const mask = table.number('storage.options.force_mask')
  return [
    ...table.list('storage.options.additionalimagestores').map((place) => `imagestore=${place}`),
    ...table.list('storage.options.additionallayerstores').map((place) => `additionallayerstore=${place}`),
    ...texts.flatMap(([key, value]) => (value === '' ? [] : [`${key}=${value}`])),
    ...(mask === undefined ? [] : [`force_mask=${mask.toString(8)}`]),
    ...['mountopt'].flatMap((key) =>
      table.text(`storage.options.${key}`) === '' ? [] : [`${key}=${table.text(`storage.options.${key}`)}`],
    ),
  ]
}

function optionsOfDriver(table: StorageTable, driver: string): readonly string[] {
  return Object.entries(table.texts(`storage.options.${driver}`)).map(([key, value]) => `${driver}.${key}=${value}`)
}
