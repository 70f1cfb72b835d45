import { type Layer } from '#model'
import type { BlobBytes } from '#parts/unpack'
import { defined } from './defined.ts'
import { mapsOf } from './id-maps.ts'
import { contentFields } from './layer-record.ts'
import { makeDurable } from './make-durable.ts'
import { type ExpectedContent, refuseOtherContent, type StageLayerOptions, unpackOptions } from './stage-layer.ts'
import { openStagingRoom } from './staging-room.ts'
import type { Store } from './store.ts'

export interface DiffToApply {
  readonly blob: BlobBytes
  readonly expected?: ExpectedContent
}

/**
 * Applies a blob to a layer that is there, in place, as `applydiff` does: digests, sizes, tar-split and id sets of the record become
 * those of this blob. Content in place cannot be taken back: after a failure or a crash the layer holds a part of the blob
 * under the record it had before. No lock is held while unpacking; a layer that is deleted meanwhile is `layer-unknown`.
 * @throws Fault `layer-unknown`, and as `stageLayer`
 */
export async function applyDiff(
  store: Store,
  nameOrId: string,
  diff: DiffToApply,
  options: StageLayerOptions = {},
): Promise<Layer> {
  const layer = await store.transact({ read: ['layers'] }, (tx) => tx.layers.get(nameOrId), options)
  const target = store.driver.targetOf(layer.id, { idMaps: mapsOf(layer) })
  await using room = await openStagingRoom(store)
  const tarSplitPath = room.path('tar-split.gz')
  const total = diff.expected?.blobSize ?? (diff.blob.kind === 'stream' ? diff.blob.size : diff.blob.length)
  const { unpack } = await import('#parts/unpack')
  const unpacked = await unpack(diff.blob, target, unpackOptions(layer.id, total, tarSplitPath, options))
  refuseOtherContent(diff.expected ?? {}, unpacked)
  await makeDurable(store, options)
  return await store.transact(
    { write: ['layers'] },
    (tx) => {
      const { compressedDigest: _c, compressedSize: _s, diffId: _d, diffSize: _z, ...rest } = tx.layers.get(layer.id)
      return tx.layers.replace(
        { ...rest, ...defined(contentFields(unpacked)), compression: unpacked.compression },
        { tarSplitPath },
      )
    },
    options,
  )
}
