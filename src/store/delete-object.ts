import type { TaskOptions } from '#model'
import type { StoredObject } from './objects.ts'
import type { Store } from './store.ts'

/**
 * Removes whatever has this id or name, without asking who needs it: containers (with their layer), then images (the record alone),
 * then layers (spec/store §5.7 Delete).
 * @throws Fault `object-unknown`; `not-a` for a container whose layer is gone
 */
export async function deleteObject(store: Store, nameOrId: string, options: TaskOptions = {}): Promise<StoredObject> {
  throw new Error(`${store.root}${nameOrId}${options.signal}`)
}
