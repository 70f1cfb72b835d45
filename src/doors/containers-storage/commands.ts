import { applyDiff } from './apply-diff.ts'
import type { Command } from './command.ts'
import { changes, diff, diffSize } from './comparing.ts'
import { containers } from './containers.ts'
import { createContainer } from './create-container.ts'
import { createImage } from './create-image.ts'
import { createLayer } from './create-layer.ts'
import { containerData, imageData, layerData } from './data-items.ts'
import { deleteAny, deleteContainer, deleteImage, deleteLayer } from './deleting.ts'
import { container, image, layer } from './examine.ts'
import { exists } from './exists.ts'
import { images, imagesByDigest } from './images.ts'
import { importLayer } from './import-layer.ts'
import {
  applyDiffUsingStagingDir,
  check,
  config,
  containerParentOwners,
  copy,
  createStorageLayer,
  dedup,
  gc,
  layerParentOwners,
  unshare,
} from './later.ts'
import { layers } from './layers.ts'
import { metadata, setMetadata } from './metadata-commands.ts'
import { mount, mounted, unmount } from './mounting.ts'
import { addNames, getNames, removeNames, setNames } from './name-commands.ts'
import { containerDirectories, imageDirectories } from './user-directories.ts'
import { shutdown, status, storageLayers, version, wipe } from './whole-store.ts'

/** In the order in which the help lists them. */
export const commands: readonly Command[] = [
  check,
  config,
  container,
  ...containerData,
  ...containerDirectories,
  containerParentOwners,
  containers,
  copy,
  createLayer,
  createStorageLayer,
  importLayer,
  createImage,
  createContainer,
  dedup,
  deleteAny,
  deleteLayer,
  deleteImage,
  deleteContainer,
  changes,
  diffSize,
  diff,
  applyDiff,
  applyDiffUsingStagingDir,
  exists,
  gc,
  image,
  ...imageData,
  ...imageDirectories,
  images,
  imagesByDigest,
  layer,
  layerParentOwners,
  ...layerData,
  layers,
  storageLayers,
  metadata,
  setMetadata,
  mount,
  unmount,
  mounted,
  getNames,
  addNames,
  setNames,
  removeNames,
  shutdown,
  status,
  unshare,
  version,
  wipe,
]
