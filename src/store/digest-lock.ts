import { join } from 'node:path'
import { lockFile } from '#ground/files'
import { type Cancellable, type Digest } from '#model'
import { pathsOf } from './paths.ts'
import type { Store } from './store.ts'

/**
 * An exclusive lock that stands for a blob, shared with the Go tools: who is about to fetch it takes it first and looks again afterwards
 * (`RUNROOT/<driver>-locks/<digest>`). Disposing gives it back.
 */
export async function digestLock(store: Store, digest: Digest, options: Cancellable = {}): Promise<Disposable> {
  return await lockFile(join(pathsOf(store).digestLocks, digest)).lock('exclusive', options)
}
