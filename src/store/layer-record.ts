import type { IdMaps, Layer, LayerId } from '#model'
import type { Unpacked } from '#parts/unpack'
import { defined } from './defined.ts'
import { mapFields } from './id-maps.ts'
import { now } from './now.ts'

export interface LayerParticulars {
  readonly id: LayerId
  readonly parent?: LayerId | undefined
  readonly names?: readonly string[] | undefined
  readonly metadata?: string | undefined
  readonly mountLabel?: string | undefined
  readonly flags?: Readonly<Record<string, unknown>> | undefined
  readonly idMaps?: IdMaps | undefined
}

/** A record of a layer that has just been made; without content it is an empty one. */
export function layerRecord(particulars: LayerParticulars, unpacked?: Unpacked): Layer {
  const { id, names, idMaps, parent, metadata, mountLabel, flags } = particulars
  return {
    id,
    names: names ?? [],
    created: now(),
    compression: 'uncompressed',
    bigDataNames: [],
    ...defined({ parent, metadata, mountLabel, flags }),
    ...mapFields(idMaps ?? {}),
    ...(unpacked && contentFields(unpacked)),
    unknownFields: {},
  }
}

/** What a record says of a blob that was applied (spec/store §5.4). */
export function contentFields(unpacked: Unpacked): Partial<Layer> & Pick<Layer, 'compression'> {
  const { blobDigest, blobSize, diffId, diffSize, compression, uids, gids } = unpacked
  return { compressedDigest: blobDigest, compressedSize: blobSize, diffId, diffSize, compression, uids, gids }
}
