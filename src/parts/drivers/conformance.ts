import { showsWhatLayersSay } from './conformance-content.ts'
import { tellsWhatChanged } from './conformance-diff.ts'
import { letsLayersComeAndGo } from './conformance-life.ts'
import type { ConformanceSubject } from './conformance-store.ts'

/** Registers the tests that every driver has to pass. They need root: layers are mounted and devices are made. */
export function conformsToContract(subject: ConformanceSubject): void {
  showsWhatLayersSay(subject)
  letsLayersComeAndGo(subject)
  tellsWhatChanged(subject)
}
