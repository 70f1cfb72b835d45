export { type AtomicWrite, syncDirectory, writeFileAtomically } from './atomic-file.ts'
export { type LockHolder } from './lock-holder.ts'
export {
  type ExclusiveLock,
  type LockFile,
  type LockOptions,
  type LockWait,
  type SharedLock,
  lockFile,
} from './lock-file.ts'
export { type LockToken, type LockTokenAuthor, authorOfLockToken } from './lock-token.ts'
export type { LockAccess, LockMode } from './locked-file.ts'
export { syncFileSystem } from './sync-file-system.ts'
export { recoverStaleDirs } from './recover-stale-dirs.ts'
export { removeTree } from './remove-tree.ts'
export { type StagedAddition, TempDir } from './temp-dir.ts'
export { RootedDirectory, type RootedName, type RootedPath } from './rooted-directory.ts'
