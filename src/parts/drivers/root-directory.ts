import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { AT_FDCWD, fstatat, lgetxattr, lsetxattr } from '#ground/sys'

/** Owner and permissions of the root of a layer. */
export interface RootStatus {
  readonly uid: number
  readonly gid: number
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number
}

const overrideStat = 'user.containers.override_stat'

/**
 * What a layer's root should be: what is recorded beside it where the file system could not be told (spec/drivers §4.18), else
 * what it is.
 * @throws ErrnoError
 */
export function rootStatusOf(directory: string): RootStatus {
  const recorded = parseOverrideStat(lgetxattr(directory, overrideStat)?.toString('latin1'))
  if (recorded !== undefined) return recorded
  const { uid, gid, mode } = fstatat(AT_FDCWD, directory)
  return { uid, gid, mode: mode & 0o7777 }
}

export function parseOverrideStat(text: string | undefined): RootStatus | undefined {
  const match = /^(\d+):(\d+):([0-7]+)(?::.*)?$/.exec(text ?? '')
  if (match === null) return undefined
  return { uid: Number(match[1]), gid: Number(match[2]), mode: Number.parseInt(match[3] ?? '', 8) & 0o7777 }
}

/** Makes the root of a layer; with a mask, its real status is only recorded. */
export function makeRoot(
  directory: string,
  status: RootStatus,
  mask?: { readonly mode: number; readonly owner: Owner },
): void {
  mkdirSync(directory, { mode: 0o700 })
  setRootStatus(directory, status, mask)
}

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export function setRootStatus(
  directory: string,
  status: RootStatus,
  mask?: { readonly mode: number; readonly owner: Owner },
): void {
  const shown = mask === undefined ? status : { ...mask.owner, mode: mask.mode }
  chownSync(directory, shown.uid, shown.gid)
  chmodSync(directory, shown.mode)
  if (mask === undefined) return
  const mode = status.mode.toString(8).padStart(4, '0')
  lsetxattr(directory, overrideStat, Buffer.from(`${status.uid}:${status.gid}:${mode}:dir`))
}
