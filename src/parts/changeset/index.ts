export type { FileChange } from './file-change.ts'
export type { ApplyTarget } from './target.ts'
