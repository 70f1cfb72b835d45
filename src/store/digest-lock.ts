import type { Cancellable, Digest } from '#model'
import type { Store } from './store.ts'

/**
 * An exclusive lock that stands for a blob, shared with the Go tools: who is about to fetch it takes it first and looks again afterwards
 * (`RUNROOT/<driver>-locks/<digest>`). Disposing gives it back.
 */
export async function digestLock(store: Store, digest: Digest, options: Cancellable = {}): Promise<Disposable> {
  throw new Error(`${store.root}${digest}${options.signal}`)
}
