import { existsSync } from 'node:fs'
import type { ByteStream } from '#ground/bytes'
import { type Compression, Fault, type TaskOptions } from '#model'
import { type Comparison, comparison } from './comparison.ts'
import { defined } from './defined.ts'
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
  const compared = await comparison(store, layer, options)
  const wanted = options.compression ?? 'recorded'
  const compression = wanted === 'recorded' ? compared.to.compression : wanted
  if (compression === 'bzip2' || compression === 'xz') throw new Fault({ code: 'compression-unsupported', compression })
  const tar = counted(await tarOf(store, compared), compared, options)
  return compression === 'uncompressed' ? tar : await compressedBy(tar, compression, options)
}

async function tarOf(store: Store, { to, from, tarSplitPath, driverOptions }: Comparison): Promise<ByteStream> {
  const isOwnParent = from?.id === to.parent
  if (!isOwnParent || !existsSync(tarSplitPath)) return store.driver.diff(to.id, driverOptions)
  const { playedBack } = await import('./played-back.ts')
  return playedBack(store.driver, to.id, tarSplitPath, driverOptions)
}

/** The threads that compress are only loaded when there is something to compress. */
async function compressedBy(tar: ByteStream, codec: 'gzip' | 'zstd', options: TaskOptions): Promise<ByteStream> {
  const { compressed } = await import('#formats/compression')
  return compressed(tar, { codec, ...defined({ signal: options.signal }) })
}

async function* counted(tar: ByteStream, { to }: Comparison, options: TaskOptions): ByteStream {
  const { onProgress } = options
  let done = 0
  for await (const bytes of tar) {
    yield bytes
    done += bytes.byteLength
    onProgress?.({ kind: 'writing', item: to.id, done, ...defined({ total: to.diffSize }) })
  }
}
