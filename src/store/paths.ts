import { recordPaths, type RecordPaths } from '#parts/records'
import type { Store } from './store.ts'

export function pathsOf(store: Pick<Store, 'root' | 'runRoot' | 'driver'>): RecordPaths {
  return recordPaths(store.root, store.runRoot, store.driver.name)
}
