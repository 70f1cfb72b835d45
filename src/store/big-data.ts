import { readFileSync } from 'node:fs'
import { type Cancellable, type Digest, Fault, isFault } from '#model'
import type { Readers } from '#parts/records'
import { bigDataItem } from './big-data-item.ts'
import type { ObjectKind } from './objects.ts'
import type { Store } from './store.ts'

/** Where an item is: `object` by id, name or unique prefix. */
export interface BigDataAddress {
  readonly kind: ObjectKind
  readonly object: string
  readonly key: string
}

type MeasuredAddress = BigDataAddress & { readonly kind: 'image' | 'container' }

/** Names of the items, in order of first writing. @throws Fault `layer-unknown`, `image-unknown`, `container-unknown` */
export async function listBigData(
  store: Store,
  of: Omit<BigDataAddress, 'key'>,
  options: Cancellable = {},
): Promise<readonly string[]> {
  switch (of.kind) {
    case 'layer':
      return await store.transact({ read: ['layers'] }, (tx) => tx.layers.get(of.object).bigDataNames, options)
    case 'image':
      return await store.transact({ read: ['images'] }, (tx) => tx.images.get(of.object).bigDataNames, options)
    case 'container':
      return await store.transact({ read: ['containers'] }, (tx) => tx.containers.get(of.object).bigDataNames, options)
  }
}

/** The whole item. @throws Fault as `listBigData`; `big-data-unknown` */
export async function readBigData(store: Store, item: BigDataAddress, options: Cancellable = {}): Promise<Uint8Array> {
  switch (item.kind) {
    case 'layer':
      return await store.transact({ read: ['layers'] }, (tx) => readItem(layerItem(tx, item), item), options)
    case 'image':
      return await store.transact({ read: ['images'] }, (tx) => readItem(imageItem(tx, item), item), options)
    case 'container':
      return await store.transact({ read: ['containers'] }, (tx) => readItem(containerItem(tx, item), item), options)
  }
}

/**
 * Writes an item; readers see the old bytes or the new. The digest is that of the bytes unless given; layers record none.
 * @throws Fault as `listBigData`; `big-data-name-empty`; `path-escapes-root` for a key whose file would lie elsewhere
 */
export async function writeBigData(
  store: Store,
  item: BigDataAddress & { readonly bytes: Uint8Array; readonly digest?: Digest },
  options: Cancellable = {},
): Promise<void> {
  if (item.key === '') throw new Fault({ code: 'big-data-name-empty', kind: item.kind })
  const data = bigDataItem(item)
  switch (item.kind) {
    case 'layer':
      return await store.transact(
        { write: ['layers'] },
        (tx) => void tx.layers.putBigData(tx.layers.get(item.object).id, data),
        options,
      )
    case 'image':
      return await store.transact(
        { write: ['images'] },
        (tx) => void tx.images.putBigData(tx.images.get(item.object).id, data),
        options,
      )
    case 'container':
      return await store.transact(
        { write: ['containers'] },
        (tx) => void tx.containers.putBigData(tx.containers.get(item.object).id, data),
        options,
      )
  }
}

/** Bytes of an item of an image or a container. @throws Fault `big-data-size-unknown`; for a container `container-unknown` */
export async function bigDataSize(store: Store, item: MeasuredAddress, options: Cancellable = {}): Promise<number> {
  const size = (await measured(store, item, options))?.size
  if (size === undefined) throw new Fault({ code: 'big-data-size-unknown', key: item.key })
  return size
}

/** Recorded digest of an item of an image or a container. @throws Fault `big-data-digest-unknown` and as `bigDataSize` */
export async function bigDataDigest(store: Store, item: MeasuredAddress, options: Cancellable = {}): Promise<Digest> {
  const digest = (await measured(store, item, options))?.digest
  if (digest === undefined) throw new Fault({ code: 'big-data-digest-unknown', key: item.key })
  return digest
}

interface Measures {
  readonly size: number | undefined
  readonly digest: Digest | undefined
}

async function measured(store: Store, item: MeasuredAddress, options: Cancellable): Promise<Measures | undefined> {
  if (item.kind === 'image') {
    const image = await store.transact({ read: ['images'] }, (tx) => tx.images.find(item.object), options)
    return { size: image?.bigDataSizes[item.key], digest: image?.bigDataDigests[item.key] }
  }
  const container = await store.transact({ read: ['containers'] }, (tx) => tx.containers.get(item.object), options)
  const [size, digest] = [container.bigDataSizes[item.key], container.bigDataDigests[item.key]]
  return size === undefined || digest === undefined ? await measuredAnew(store, item, options) : { size, digest }
}

/** A container's item may lie there unmeasured: it is stored again, as the original does (spec/store §5.7). */
async function measuredAnew(store: Store, item: MeasuredAddress, options: Cancellable): Promise<Measures | undefined> {
  if (item.key === '') return undefined
  try {
    const bytes = await readBigData(store, item, options)
    await writeBigData(store, { ...item, bytes }, options)
    const { size, digest } = bigDataItem({ key: item.key, bytes })
    return { size, digest }
  } catch (error) {
    if (isFault(error, 'file-unknown') || isFault(error, 'path-escapes-root')) return undefined
    throw error
  }
}

function layerItem(tx: Pick<Readers, 'layers'>, item: BigDataAddress): string {
  return tx.layers.bigDataPath(tx.layers.get(item.object).id, item.key)
}

function imageItem(tx: Pick<Readers, 'images'>, item: BigDataAddress): string {
  return tx.images.bigDataPath(tx.images.get(item.object).id, item.key)
}

function containerItem(tx: Pick<Readers, 'containers'>, item: BigDataAddress): string {
  return tx.containers.bigDataPath(tx.containers.get(item.object).id, item.key)
}

function readItem(path: string, item: BigDataAddress): Uint8Array {
  try {
    return readFileSync(path)
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause
    if (item.kind === 'container') throw new Fault({ code: 'file-unknown', path: `open ${path}` }, { cause })
    throw new Fault({ code: 'big-data-unknown', kind: item.kind, id: item.object, key: item.key }, { cause })
  }
}
