import { mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'
import { Fault } from '#model'

// Node.js leaves these undefined where users have no numbers; on Linux they do.
const uidOfProcess = (): number => process.getuid?.() ?? -1
const effectiveUid = (): number => process.geteuid?.() ?? -1

type Environment = Readonly<Record<string, string | undefined>>

/** For whom configuration is looked up: the paths of root, or those of an ordinary user (spec/store §7.3). */
export interface User {
  /** The user outside of any namespace that a container tool has made. */
  readonly uid: number
  readonly environment: Environment
}

export function currentUser(environment: Environment = process.env): User {
  const outside = environment['_CONTAINERS_ROOTLESS_UID']
  return { uid: outside === undefined || outside === '' ? uidOfProcess() : Number(outside), environment }
}

/** Whether this process may do less than root: another user, a namespace of containers, or a lack of rights. */
export function isRootless(user: User): boolean {
  if (user.uid !== 0 || effectiveUid() !== 0) return true
  if ((user.environment['_CONTAINERS_USERNS_CONFIGURED'] ?? '') !== '') return true
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'
  const sysAdmin = 21n
  if (((BigInt(`0x${effective}`) >> sysAdmin) & 1n) === 0n) return true
  return !readFileSync('/proc/self/uid_map', 'latin1').includes('4294967295')
}

export function hasPathsOfUser(user: User): boolean {
  return user.uid !== 0 && isRootless(user)
}

export function homeOf(user: User): string {
  const home = user.environment['HOME'] ?? ''
  if (home !== '') return home
  throw new Fault({
    code: 'option-invalid',
    option: 'HOME',
    problem: 'is not set, and without it there is no place for the store',
  })
}

export function configurationHomeOf(user: User): string {
  return user.environment['XDG_CONFIG_HOME'] ?? path.join(homeOf(user), '.config')
}

export function dataHomeOf(user: User): string {
  return user.environment['XDG_DATA_HOME'] ?? path.join(homeOf(user), '.local/share')
}

/** Made 0700 if it has to be one of our own. */
export function runtimeDirectoryOf(user: User): string {
  const given = user.environment['XDG_RUNTIME_DIR'] ?? ''
  if (given !== '') return realpathSync(given)
  const temporary = user.environment['TMPDIR'] ?? '/tmp'
  const candidates = [`/run/user/${user.uid}`, path.join(temporary, `storage-run-${user.uid}`)]
  for (const candidate of candidates) {
    if (isPrivateDirectory(candidate)) return candidate
  }
  throw new Fault({
    code: 'option-invalid',
    option: 'XDG_RUNTIME_DIR',
    problem: `is not set, and neither ${candidates.join(' nor ')} is a directory of this user alone`,
  })
}

function isPrivateDirectory(directory: string): boolean {
  try {
    mkdirSync(directory, { mode: 0o700, recursive: true })
    const { uid, mode } = statSync(directory)
    return uid === effectiveUid() && (mode & 0o722) === 0o700
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      (error.code === 'EACCES' || error.code === 'EROFS' || error.code === 'EPERM')
    )
      return false
    throw error
  }
}
