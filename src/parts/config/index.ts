export { loadStorageConfiguration, type LoadOptions } from './load-storage-configuration.ts'
export type { StorageConfiguration } from './storage-configuration.ts'
export { subordinateRanges } from './subordinate-ranges.ts'
export { currentUser, hasPathsOfUser, isRootless, type User } from './user.ts'
