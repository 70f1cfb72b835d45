import type { Store } from './store.ts'

/** What the driver says of itself, as pairs in a fixed order; the door puts roots and options before. */
export async function status(store: Store): Promise<readonly (readonly [key: string, value: string])[]> {
  return await store.driver.status()
}
