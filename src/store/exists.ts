import type { FindObjectOptions } from './find-object.ts'
import { findObject } from './find-object.ts'
import type { Store } from './store.ts'

/** Whether anything has this id, name or unique prefix of an id. */
export async function exists(store: Store, nameOrId: string, options: FindObjectOptions = {}): Promise<boolean> {
  return (await findObject(store, nameOrId, options)) !== undefined
}
