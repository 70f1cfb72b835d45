import path from 'node:path'
import { OverlayFeatures } from './overlay-features.ts'
import { OverlayHome } from './overlay-home.ts'
import { OverlayLayers } from './overlay-layers.ts'
import { parseOverlayOptions, type OverlayOptions } from './overlay-options.ts'
import { isRootless } from './rootless.ts'

export interface DriverPlace {
  readonly graphRoot: string
  readonly runRoot: string
  /** `key=value`, as storage.conf and `--storage-opt` give them (spec/drivers §1.5). */
  readonly options?: readonly string[]
}

/** What the parts of the overlay driver share. Making it touches nothing. */
export interface OverlayContext {
  readonly graphRoot: string
  /** `GRAPHROOT/overlay` and `RUNROOT/overlay` */
  readonly home: string
  readonly runHome: string
  /** Where content is staged, and what is removed waits for its deletion. */
  readonly tempRoot: string
  readonly options: OverlayOptions
  readonly layers: OverlayLayers
  readonly features: OverlayFeatures
  readonly preparation: OverlayHome
  readonly rootless: boolean
}

/** @throws Fault `driver-option-invalid` */
export function overlayContext(place: DriverPlace): OverlayContext {
  const options = parseOverlayOptions(place.options ?? [])
  const home = path.join(place.graphRoot, 'overlay')
  const runHome = path.join(place.runRoot, 'overlay')
  const tempRoot = path.join(home, 'tempdirs')
  const rootless = isRootless()
  const features = new OverlayFeatures({ home, runHome, tempRoot, mountOptions: options.mountOptions, rootless })
  return {
    graphRoot: place.graphRoot,
    home,
    runHome,
    tempRoot,
    options,
    layers: new OverlayLayers(
      home,
      options.additionalImageStores.map((store) => path.join(store, 'overlay')),
    ),
    features,
    preparation: new OverlayHome({ graphRoot: place.graphRoot, home, options, features, rootless }),
    rootless,
  }
}
