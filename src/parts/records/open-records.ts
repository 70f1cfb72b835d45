import { ContainerRecords } from './container-records.ts'
import { ImageRecords } from './image-records.ts'
import { LayerRecords } from './layer-records.ts'
import type { Means } from './means.ts'
import { placeFiles, preparedFiles } from './placement.ts'
import { recordPaths } from './record-paths.ts'
import { RecordStore } from './record-store.ts'
import type { LayerContents, Records, RecordsOptions } from './records.ts'
import { type FileSaver, savingFiles } from './save-file.ts'
import { openTrash, recoverTempRoots } from './trash.ts'

/** The record files of the store with these roots. Reads and locks nothing yet; the directories must be there. */
export function openRecords(options: RecordsOptions): Records {
  return recordsSavedBy(options, savingFiles(options.durability))
}

/** The same with another way of saving: tests let it fail. */
export function recordsSavedBy(options: RecordsOptions, files: FileSaver): Records {
  const paths = recordPaths(options.root, options.runRoot, options.driverName)
  const means: Means = {
    paths,
    contents: options.durability === 'full' ? options.contents : withoutSync(options.contents),
    layers: new LayerRecords(paths, files),
    images: new ImageRecords(paths, files),
    containers: new ContainerRecords(paths, files),
    place: (placements) => placeFiles(placements, options.durability),
    prepared: (placements, room, made) => preparedFiles(placements, { room, made, durability: options.durability }),
    openTrash: () => openTrash(paths.tempRoot),
  }
  const tempRoots = [paths.tempRoot, ...options.contents.tempRoots]
  return new RecordStore({
    means,
    recover: async () => recoverTempRoots(tempRoots),
    ...(options.onWait && { onWait: options.onWait }),
  })
}

/** Where nothing is promised beyond this process, no transaction waits for the disk. */
function withoutSync(contents: LayerContents): LayerContents {
  return { remove: (id) => contents.remove(id), sync: () => undefined, tempRoots: contents.tempRoots }
}
