export { type Change, changeOf } from './change.ts'
export { ChangesetApplier, type ChangesetApplierOptions } from './changeset-applier.ts'
export type { FileChange } from './file-change.ts'
export type { ApplyTarget } from './target.ts'
