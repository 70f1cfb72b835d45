import { readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { AT_FDCWD, Descriptor, O_RDONLY, isErrno, openat, recordLockHolder } from '#ground/sys'
import { type LockTokenAuthor, authorOfLockToken, readLockToken } from './lock-token.ts'
import type { LockMode } from './locked-file.ts'

export interface LockHolder {
  /** Undefined when it cannot be found out: the lock has just been given back, or other users' processes hide. */
  readonly pid?: number
  readonly command?: string
  readonly lastWrite?: LockTokenAuthor
}

/** Who keeps us from a lock, as far as the kernel tells. For messages: by the time it is read it may be somebody else. */
export function holderOfLock(path: string, mode: LockMode): LockHolder {
  try {
    using file = new Descriptor(openat(AT_FDCWD, path, O_RDONLY))
    const author = authorOfLockToken(readLockToken(file.fd))
    // The kernel knows the process of a classic lock; a lock of an open file has no one owner (-1) and is looked for.
    const known = recordLockHolder(file.fd, mode)
    const pid = known === -1 ? findLockingProcess(realpathSync(path)) : known
    return { ...described(pid), ...(author === undefined ? {} : { lastWrite: author }) }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'EACCES', 'EPERM', 'EMFILE', 'EINVAL', 'EBADF')) return {}
    throw error
  }
}

function described(pid: number | undefined): LockHolder {
  if (pid === undefined) return {}
  const command = textOfProc(`/proc/${pid}/comm`)?.trim()
  return command === undefined ? { pid } : { pid, command }
}

function findLockingProcess(path: string): number | undefined {
  for (const pid of namesIn('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    for (const fd of namesIn(`/proc/${pid}/fd`)) {
      if (targetOf(`/proc/${pid}/fd/${fd}`) !== path) continue
      if (textOfProc(`/proc/${pid}/fdinfo/${fd}`)?.includes('\nlock:') === true) return Number(pid)
    }
  }
  return undefined
}

// Processes end and hide while we look: what cannot be read is not the one that we are looking for.
function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    return undefined
  }
}

function textOfProc(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
