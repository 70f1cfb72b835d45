import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { Fault } from '#model'
import { configurationHomeOf, type User } from './user.ts'

/**
 * The files to read, weakest first (spec/store §7.1): the first main file found, then drop-ins, then the override.
 * `systemRoot` stands before the built-in directories, for tests and for looking into other systems.
 */
export function configurationFiles(user: User, systemRoot = ''): readonly string[] {
  return [...mainFiles(user, systemRoot), ...override(user)]
}

function mainFiles(user: User, systemRoot: string): readonly string[] {
  const only = user.environment['CONTAINERS_STORAGE_CONF'] ?? ''
  if (only !== '') return [mustExist(only)]

  const ofUser = path.join(configurationHomeOf(user), 'containers/storage.conf')
  const system = ['/etc/containers', '/usr/share/containers'].map((directory) => path.join(systemRoot, directory))
  const main = [ofUser, ...system.map((directory) => path.join(directory, 'storage.conf'))].find((file) =>
    existsSync(file),
  )
  return [...(main === undefined ? [] : [main]), ...dropIns(user, system.toReversed(), ofUser)]
}

function override(user: User): readonly string[] {
  const file = user.environment['CONTAINERS_STORAGE_CONF_OVERRIDE'] ?? ''
  return file === '' ? [] : [mustExist(file)]
}

/** Of equal names the strongest directory's wins; the result is in the order of the names. */
function dropIns(user: User, systemDirectories: readonly string[], ofUser: string): readonly string[] {
  const kind =
    user.uid === 0 ? ['storage.rootful.conf.d'] : ['storage.rootless.conf.d', `storage.rootless.conf.d/${user.uid}`]
  const directories = systemDirectories.flatMap((directory) =>
    ['storage.conf.d', ...kind].map((name) => path.join(directory, name)),
  )
  const byName = new Map<string, string>()
  for (const directory of [...directories, `${ofUser}.d`]) {
    if (!existsSync(directory)) continue
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isFile() && entry.name.endsWith('.conf')) byName.set(entry.name, path.join(directory, entry.name))
    }
  }
  const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))
  return [...byName].toSorted(([a], [b]) => order(a, b)).map(([, file]) => file)
}

function mustExist(file: string): string {
  if (!existsSync(file)) throw new Fault({ code: 'configuration-invalid', file, problem: 'no such file or directory' })
  return file
}
