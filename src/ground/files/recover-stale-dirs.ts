import { join } from 'node:path'
import { readdirSync } from 'node:fs'
import type { Cancellable } from '#model'
import { AT_FDCWD, isErrno, tryUnlinkat } from '#ground/sys'
import { tryLockFile } from './locked-file.ts'
import { removeTree } from './remove-tree.ts'

/**
 * Removes what temporary directories of processes that are no more left in `root` (spec/store §4.5). Those of living ones,
 * this one included, are locked and stay. A root that does not exist has no leftovers.
 * @throws ErrnoError, or an AggregateError of several, after all have been tried
 */
export async function recoverStaleDirs(root: string, options: Cancellable = {}): Promise<void> {
  const errors: unknown[] = []
  for (const suffix of suffixesIn(root)) {
    options.signal?.throwIfAborted()
    try {
      await recover(root, suffix, options)
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('\n'))
}

async function recover(root: string, suffix: string, options: Cancellable): Promise<void> {
  const lockPath = join(root, `lock-${suffix}`)
  const lock = tryLockFile(lockPath, 'exclusive', { access: 'read-write', creationMode: 0o600 })
  if (lock === undefined) return
  try {
    await removeTree(join(root, `temp-dir-${suffix}`), options)
    tryUnlinkat(AT_FDCWD, lockPath)
  } finally {
    lock.release()
  }
}

function suffixesIn(root: string): ReadonlySet<string> {
  const suffixes = new Set<string>()
  for (const name of namesIn(root)) {
    const suffix = /^(?:temp-dir|lock)-(.+)$/s.exec(name)?.[1]
    if (suffix !== undefined) suffixes.add(suffix)
  }
  return suffixes
}

function namesIn(root: string): readonly string[] {
  try {
    return readdirSync(root)
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}
