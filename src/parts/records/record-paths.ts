import { join } from 'node:path'
import type { ContainerId, ImageId, LayerId } from '#model'

/** Where the records of a store and what belongs to them lie (spec/store §1.1). */
export interface RecordPaths {
  readonly graphLock: string
  readonly layers: string
  readonly layersLock: string
  readonly layersFile: string
  readonly volatileLayersFile: string
  readonly mountsLock: string
  readonly mountsFile: string
  /** Temporary directories: staged tar-splits and big data, and what is being removed. */
  readonly tempRoot: string
  readonly images: string
  readonly imagesLock: string
  readonly imagesFile: string
  readonly containers: string
  readonly containersLock: string
  readonly containersFile: string
  readonly volatileContainersFile: string
  readonly runContainers: string
  readonly digestLocks: string
  imageRunData(id: ImageId): string
  tarSplit(id: LayerId): string
  layerData(id: LayerId): string
  imageData(id: ImageId): string
  containerData(id: ContainerId): string
  containerRunData(id: ContainerId): string
}

export function recordPaths(root: string, runRoot: string, driver: string): RecordPaths {
  const layers = join(root, `${driver}-layers`)
  const images = join(root, `${driver}-images`)
  const containers = join(root, `${driver}-containers`)
  const runLayers = join(runRoot, `${driver}-layers`)
  const runContainers = join(runRoot, `${driver}-containers`)
  return {
    graphLock: join(root, 'storage.lock'),
    layers,
    layersLock: join(layers, 'layers.lock'),
    layersFile: join(layers, 'layers.json'),
    volatileLayersFile: join(layers, 'volatile-layers.json'),
    mountsLock: join(runLayers, 'mountpoints.lock'),
    mountsFile: join(runLayers, 'mountpoints.json'),
    tempRoot: join(layers, 'tmp'),
    images,
    imagesLock: join(images, 'images.lock'),
    imagesFile: join(images, 'images.json'),
    containers,
    containersLock: join(containers, 'containers.lock'),
    containersFile: join(containers, 'containers.json'),
    volatileContainersFile: join(containers, 'volatile-containers.json'),
    runContainers,
    digestLocks: join(runRoot, `${driver}-locks`),
    imageRunData: (id) => join(runRoot, `${driver}-images`, id),
    tarSplit: (id) => join(layers, `${id}.tar-split.gz`),
    layerData: (id) => join(layers, id),
    imageData: (id) => join(images, id),
    containerData: (id) => join(containers, id),
    containerRunData: (id) => join(runContainers, id),
  }
}
